"""From a claimed run to what an engine gets: the release's graph with the run's inputs bound, files laid ready."""

import asyncio
import os
import re
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.models.store import ModelStore, Place
from flowscale_runtime.models.values import Tell, Wanted, pinned, silent
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.values import Claimed
from flowscale_runtime.worker.apart import Apart
from flowscale_workflows.binding import bind
from flowscale_workflows.interface import Interface

KEPT = 256
_OBJECT = re.compile(r"([0-9a-f]{64})(\.\w+)?\Z")


@dataclass(slots=True)
class _Release:
    """A parsed bundle, and where its weights were laid for hosts with these folders of models."""

    graph: dict[str, Any]
    interface: Interface
    traced: dict[str, Any] | None
    models: tuple[Wanted, ...]
    laid: dict[tuple[Path, ...], Path | None] = field(default_factory=dict)


class Jobs:
    """Prepares jobs; the releases used last are kept parsed."""

    def __init__(
        self,
        objects: Objects,
        inputs: Path,
        folders: Mapping[str, str] | None = None,
        private: Mapping[str, Mapping[str, Any]] | None = None,
        models: ModelStore | None = None,
        apart: Apart | None = None,
    ) -> None:
        """`folders` are for traced graphs, whose files stay there, or `apart` makes some for each; `private` is what runs
        get beyond what is stored; `models` has weights here."""
        self.apart = apart
        self._objects, self._inputs = objects, inputs
        self._folders, self._private = dict(folders or {}), {} if private is None else private
        self._models = models
        self._releases: OrderedDict[str, _Release] = OrderedDict()

    async def prepare(self, run: Claimed, environment: Environment | None = None) -> dict[str, Any]:
        """The job's message, for a host of this environment; its weights are here then. Raises a ModelError."""
        release = await self._release(run.release)
        graph, interface, traced = release.graph, release.interface, release.traced
        values = {}
        for entry in run.inputs:
            value = entry["value"]
            if objects := entry.get("files"):
                names = [
                    await asyncio.to_thread(self._lay, file["object"], file["extension"]) for file in objects
                ]
                value = names if isinstance(value, list) else names[0]
            values[entry["path"]] = value
        if any(item.is_file for item in interface.inputs):
            await asyncio.to_thread(self._lay_examples, graph, interface, values)
        job: dict[str, Any] = {
            "graph": bind(graph, interface, values),
            "targets": [output.node_id for output in interface.outputs],
            "extra": {"run_id": run.run_id},
        }
        if root := await self._laid(release, environment, silent):
            job["models"] = str(root)
        if traced is not None:
            extra = {**traced["extra"], **self._private.get(run.run_id, {}), **job["extra"]}
            job |= {"extra": extra, "trace": True, "folders": self._folders}
            if self.apart:
                files = traced.get("files", {})
                job |= {"folders": await asyncio.to_thread(self.apart.make, run.run_id, files), "apart": True}
        return job

    def loaded(self, digest: str, environment: Environment) -> bool:
        """Whether the weights of a release are known to be here."""
        release = self._releases.get(digest)
        return release is not None and (not release.models or environment.models in release.laid)

    async def load(self, digest: str, environment: Environment, tell: Tell = silent) -> None:
        """Has the weights of a release here. Raises a ModelError."""
        await self._laid(await self._release(digest), environment, tell)

    async def _laid(self, release: "_Release", environment: Environment | None, tell: Tell) -> Path | None:
        """A folder with the weights that the release pins, where the environment hasn't the same ones."""
        if self._models is None or environment is None or environment.comfyui or not release.models:
            return None
        roots = environment.models
        if roots not in release.laid:
            place = Place(roots=roots, objects=self._objects)
            laid = await asyncio.to_thread(self._models.lay, release.models, place, tell)
            release.laid[roots] = laid.root if laid.beyond(roots) else None
        return release.laid[roots]

    async def _release(self, digest: str) -> "_Release":
        kept = self._releases.get(digest)
        if kept is None:
            release = orjson.loads(await asyncio.to_thread(self._objects.get, digest.removeprefix("sha256:")))
            interface = Interface.from_json(release["interface"])
            kept = _Release(release["graph"], interface, release.get("traced"), pinned(release))
            self._releases[digest] = kept
            if len(self._releases) > KEPT:
                self._releases.popitem(last=False)
        return kept

    def _lay_examples(self, graph: dict[str, Any], interface: Interface, given: dict[str, Any]) -> None:
        """File inputs that the caller leaves out may name an object of the release."""
        for item in interface.inputs:
            literal = graph[item.node_id]["inputs"].get(item.widget) if item.is_file else None
            if isinstance(literal, str) and item.name not in given and (match := _OBJECT.match(literal)):
                self._lay(match[1], match[2])

    def _lay(self, name: str, extension: str | None) -> str:
        """Links an object into the input folder under a name by its content."""
        path = self._inputs / (name + (extension or ""))
        if not path.exists():
            with suppress(FileExistsError):
                os.link(self._objects.path(name), path)
        return path.name
