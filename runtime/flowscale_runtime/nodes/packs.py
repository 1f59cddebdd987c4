"""Every node class of this process: packs come by entry points and from `custom_nodes` folders.

One pack that can't be loaded takes no other down: it is a `PackFailure` that says why and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from flowscale_runtime.graph.definitions import describe
from flowscale_runtime.nodes import custom, shim, sources
from flowscale_runtime.nodes.errors import NoCheckout

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

GROUP = "flowscale.nodes"


@dataclass(frozen=True)
class PackFailure:
    """A pack, or a part of one, that can't be used."""

    pack: str
    message: str
    hint: str
    traceback: str = ""


@dataclass(frozen=True)
class Packs:
    """What was loaded: classes by name, their definitions, files for browsers, and what failed."""

    classes: Mapping[str, type]
    definitions: Mapping[str, dict[str, Any]]
    failures: tuple[PackFailure, ...]
    digest: str
    web: Mapping[str, Path] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)  # the pack of each class
    digests: Mapping[str, str] = field(default_factory=dict)  # the sources of each pack


def load(
    custom_nodes: Sequence[Path] = (), *, entry_points: Iterable[metadata.EntryPoint] | None = None
) -> Packs:
    """Load the packs of the environment, then those of the folders; the first to claim a class name keeps it."""
    points = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    collection = _Collection()
    for point in sorted(points, key=lambda point: point.name):
        collection.entry_point(point)
    found = [entry for folder in custom_nodes for entry in custom.entries(folder)]
    if found:
        try:
            shim.install(collection.classes, collection.definitions)
        except NoCheckout as wrong:
            collection.fail("ComfyUI", wrong)
    for entry in found:
        if error := custom.prestart(entry):
            collection.fail(entry.stem, error)
    for entry in found:
        collection.custom(entry)
    return collection.packs()


class _Collection:
    """Packs as they come in."""

    def __init__(self) -> None:
        self.classes: dict[str, type] = {}
        self.definitions: dict[str, dict[str, Any]] = {}
        self.failures: list[PackFailure] = []
        self.web: dict[str, Path] = {}
        self.origins: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    def entry_point(self, point: metadata.EntryPoint) -> None:
        try:
            module = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  # packs run any code; theirs must not end ours
            self.fail(point.name, error)
            return
        self.digests[point.name] = sources.of_module(point, module)
        self.add(point.name, module.__name__, module)

    def custom(self, entry: Path) -> None:
        try:
            module = custom.load(entry)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # as above
            self.fail(entry.stem, error)
            return
        self.digests[entry.stem] = sources.of_path(entry)
        self.add(entry.stem, f"custom_nodes.{entry.stem}", module)
        if web := custom.web_folder(entry, module):
            self.web[entry.stem] = web

    def add(self, pack: str, origin: str, module: ModuleType) -> None:
        classes = getattr(module, "NODE_CLASS_MAPPINGS", None)
        if hasattr(module, "comfy_entrypoint"):
            try:
                classes = {**(classes or {}), **custom.extension(module)}
            except (Exception, SystemExit) as error:  # noqa: BLE001  # as above
                self.fail(pack, error)
                return
        if not isinstance(classes, Mapping):
            self.failures.append(PackFailure(pack, "no NODE_CLASS_MAPPINGS in the pack", custom.NO_NODES))
            return
        titles = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None) or {}
        for name, cls in classes.items():
            self.add_class(pack, origin, str(name), cls, titles.get(name))

    def add_class(self, pack: str, origin: str, name: str, cls: type, title: str | None) -> None:
        if name in self.classes:
            message = f"the class {name} is already in the pack {self.origins[name]}"
            self.failures.append(
                PackFailure(pack, message, "the first pack keeps the name: rename it, or leave one out")
            )
            return
        try:
            definition = describe(name, cls, origin, title)
        except Exception as error:  # noqa: BLE001  # INPUT_TYPES is code of the pack
            self.fail(pack, error, f"the class {name} can't be described: ")
            return
        self.classes[name], self.definitions[name], self.origins[name] = cls, definition, pack

    def fail(self, pack: str, error: BaseException, start: str = "") -> None:
        message = f"{start}{type(error).__name__}: {error}"
        self.failures.append(PackFailure(pack, message, custom.hint(error), custom.shown(error)))

    def packs(self) -> Packs:
        return Packs(
            self.classes,
            self.definitions,
            tuple(self.failures),
            sources.combined(list(self.digests.values())),
            self.web,
            self.origins,
            self.digests,
        )
