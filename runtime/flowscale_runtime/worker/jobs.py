"""From a claimed run to what an engine gets: the release's graph with the run's inputs bound, files laid ready."""

import asyncio
import os
import re
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.values import Claimed
from flowscale_workflows.binding import bind
from flowscale_workflows.interface import Interface

KEPT = 256
_OBJECT = re.compile(r"([0-9a-f]{64})(\.\w+)?\Z")


class Jobs:
    """Prepares jobs; the releases used last are kept parsed."""

    def __init__(
        self,
        objects: Objects,
        inputs: Path,
        folders: Mapping[str, str] | None = None,
        private: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """`folders` are for traced graphs, whose files stay there; `private` is what runs get beyond what is stored."""
        self._objects, self._inputs = objects, inputs
        self._folders, self._private = dict(folders or {}), {} if private is None else private
        self._releases: OrderedDict[str, tuple[dict[str, Any], Interface, dict[str, Any] | None]] = (
            OrderedDict()
        )

    async def prepare(self, run: Claimed) -> dict[str, Any]:
        """The job's message."""
        graph, interface, traced = await self._release(run.release)
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
        if traced is not None:
            extra = {**traced["extra"], **self._private.get(run.run_id, {}), **job["extra"]}
            job |= {"extra": extra, "trace": True, "folders": self._folders}
        return job

    async def _release(self, digest: str) -> tuple[dict[str, Any], Interface, dict[str, Any] | None]:
        kept = self._releases.get(digest)
        if kept is None:
            release = orjson.loads(await asyncio.to_thread(self._objects.get, digest.removeprefix("sha256:")))
            interface = Interface.from_json(release["interface"])
            kept = self._releases[digest] = (release["graph"], interface, release.get("traced"))
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
