"""Pinning: the releases of a folder's workflow files, stored by digest and named in a lock."""

from pathlib import Path

from flowscale_runtime import picking
from flowscale_runtime.gateway.environments import of_folder, on_servers
from flowscale_runtime.gateway.folder import SpecFolder
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_runtime.wiring import describe
from flowscale_runtime.worker.pool import Pool
from flowscale_specs import ResolvedProject
from flowscale_specs.releases import LOCK_NAME, Lock, read_lock

Pinned = tuple[str, str, str]


async def pin(folder: Path, data: Path, project: ResolvedProject) -> tuple[Lock, list[Pinned]]:
    """Builds and stores the release of every workflow at its file's version.

    Answers with the lock, without versions that no deployment names any more, and with (workflow, version, digest)
    for each release. Raises WorkflowError.
    """
    for name in ("inputs", "hosts", "definitions"):
        (data / name).mkdir(parents=True, exist_ok=True)
    pool = Pool(data / "hosts", data / "inputs", size=1, make=picking.hosts(picking.engine("inprocess")))
    specs = SpecFolder(
        folder, None, FolderObjects(data / "objects"), lambda wanted: describe(wanted, pool, data)
    )
    lock, pinned = read_lock(folder / LOCK_NAME), []
    try:
        for workflow in project.workflows.values():
            environment = on_servers(of_folder(workflow.folder), project.servers(workflow.name))
            digest = await specs.build(workflow, environment)
            lock = lock.pinned(workflow.name, workflow.version, digest)
            pinned.append((workflow.name, workflow.version, digest))
    finally:
        await pool.close()
    return lock.pruned(project), pinned
