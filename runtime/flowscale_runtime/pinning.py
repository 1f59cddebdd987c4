"""Pinning: the releases of a folder's workflow files, stored by digest and named in a lock."""

from pathlib import Path

import orjson

from flowscale_runtime import picking
from flowscale_runtime.gateway.folder import SpecFolder
from flowscale_runtime.models.cache import link
from flowscale_runtime.models.opening import open_models
from flowscale_runtime.models.values import pinned as models_of
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.wiring import describe
from flowscale_runtime.worker.pool import Pool
from flowscale_specs import ResolvedProject
from flowscale_specs.releases import LOCK_NAME, Lock, read_lock

Pinned = tuple[str, str, str]


async def pin(folder: Path, data: Path, project: ResolvedProject) -> tuple[Lock, list[Pinned]]:
    """Builds and stores the release of every workflow at its file's version.

    Answers with the lock, without versions that no deployment names any more, and with (workflow, version, digest)
    for each release. Raises WorkflowError, and a ModelError.
    """
    for name in ("inputs", "hosts", "definitions"):
        (data / name).mkdir(parents=True, exist_ok=True)
    pool = Pool(data / "hosts", data / "inputs", size=1, make=picking.hosts(picking.engine("inprocess")))
    objects, models = FolderObjects(data / "objects"), open_models(data)
    specs = SpecFolder(
        folder, None, objects, lambda wanted: describe(wanted, pool, data), models, Provision(data / "packs")
    )
    lock, pinned = read_lock(folder / LOCK_NAME), []
    try:
        for workflow in project.workflows.values():
            environment = await specs.environment_of(workflow, project.servers(workflow.name))
            before = lock.digest(workflow.name, workflow.version)
            digest = await specs.build(workflow, environment, before)
            _keep_models(objects, digest, workflow.folder)
            lock = lock.pinned(workflow.name, workflow.version, digest)
            pinned.append((workflow.name, workflow.version, digest))
    finally:
        await pool.close()
    return lock.pruned(project), pinned


def _keep_models(objects: FolderObjects, digest: str, folder: Path) -> None:
    """Weights that lie beside the spec become objects, for the version that has them now goes on being served."""
    for model in models_of(orjson.loads(objects.get(digest.removeprefix("sha256:")))):
        path = folder / (model.source or "")
        if model.sha256 and not objects.exists(model.sha256) and path.is_file():
            with objects.incoming() as aside:
                link(path, Path(aside.name))
            objects.put_file(Path(aside.name), model.sha256)
