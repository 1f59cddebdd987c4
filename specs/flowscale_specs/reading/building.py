"""Values with places from the events of PyYAML's C parser: one pass, no recursion, bounded in depth and size."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
from yaml._yaml import CParser

from flowscale_specs.reading import scalars
from flowscale_specs.reading.anchors import MAX_EXPANSION, Anchors
from flowscale_specs.reading.faults import Fault, Refused
from flowscale_specs.reading.places import List, Map, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 64
"""Mappings and lists within each other."""
_TOO_DEEP = f"nested more than {MAX_DEPTH} levels deep"
_CORE = "tag:yaml.org,2002:"
_NO_TAG = "write the value without a tag"


class _Named(io.StringIO):
    """A text with a name, as the parser wants it."""

    name = "-"


class _MergeKey(str):
    """The key `<<` where it isn't quoted."""

    __slots__ = ()


_MERGE = _MergeKey("<<")


class _Open(NamedTuple):
    """A mapping or list that has not ended."""

    value: Map | List
    anchor: str | None
    before: int
    """Values counted before it."""
    merges: list[Any]
    """What `<<` brings in."""


class Builder:
    """Turns events into documents. `faults` has what is wrong but doesn't keep the rest from being read."""

    def __init__(self, text: str, file: str) -> None:
        self.faults: list[Fault] = []
        self._parser = CParser(_Named(text))
        self._file = file
        self._open: list[_Open] = []
        self._keys: list[tuple[str, Spot] | None] = []
        """For each open mapping the key whose value comes next."""
        self._heights: list[int] = []
        """For each open mapping or list how many levels of finished values it holds."""
        self._anchors = Anchors()
        self._count = 0
        self._document: tuple[Any, Spot] | None = None
        self._handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._start_mapping,
            yaml.SequenceStartEvent: self._start_list,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
        }

    def documents(self) -> Iterator[tuple[Any, Spot]]:
        """Each document with the spot where it starts."""
        try:
            while (event := self._parser.get_event()) is not None:
                handler = self._handlers.get(type(event))
                if handler is not None:
                    mark: Any = event.start_mark
                    handler(event, (self._file, mark.line + 1, mark.column + 1))
                elif self._document is not None:
                    yield self._document
                    self._anchors.forget()
                    self._document = None
        finally:
            self._parser.dispose()

    def _scalar(self, event: Any, spot: Spot) -> None:
        self._count += 1
        if self._at_key:
            key = _MERGE if event.value == "<<" and event.implicit[0] else event.value
            self._keys[-1] = (key, spot)
            self._anchors.keep(event.anchor, event.value)
            return
        if event.tag is None:
            value = scalars.read(event.value) if event.implicit[0] else event.value
        else:
            value = self._tagged(event, spot)
        self._anchors.keep(event.anchor, value)
        self._put(value, spot)

    def _tagged(self, event: Any, spot: Spot) -> Any:
        if event.tag in {"!", _CORE + "str"}:
            return event.value
        value = scalars.read(event.value)
        if event.tag != _CORE + scalars.tag(value):
            self._fault(spot, "this tag is not supported here", _NO_TAG)
        return value

    def _start_mapping(self, event: Any, spot: Spot) -> None:
        self._start(event, Map(spot), "map")

    def _start_list(self, event: Any, spot: Spot) -> None:
        self._start(event, List(spot), "seq")

    def _start(self, event: Any, value: Map | List, tag: str) -> None:
        if event.tag is not None and event.tag not in {"!", _CORE + tag}:
            self._fault(value.at, "this tag is not supported here", _NO_TAG)
        if self._at_key:
            raise Refused(Fault(value.at, self._steps(), "a key must be text", "quote it"))
        if len(self._open) >= MAX_DEPTH:
            raise Refused(Fault(value.at, (), _TOO_DEEP))
        self._anchors.open(event.anchor)
        self._open.append(_Open(value, event.anchor, self._count, []))
        self._keys.append(None)
        self._heights.append(0)
        self._count += 1

    def _end(self, event: Any, spot: Spot) -> None:
        value, anchor, before, merges = self._open.pop()
        self._keys.pop()
        height = self._heights.pop() + 1
        if merges:
            self._merge(value, merges)
        self._anchors.keep(anchor, value, self._count - before, height)
        self._rise(height, spot)
        self._put(value, value.at)

    def _alias(self, event: Any, spot: Spot) -> None:
        anchored = self._anchors.expand(event.anchor)
        if anchored is None:
            raise Refused(Fault(spot, self._steps(), "an alias of nothing that stands before it"))
        if self._at_key:
            raise Refused(Fault(spot, self._steps(), "a key must be text, not an alias"))
        if self._anchors.too_many:
            message = f"aliases add more than {MAX_EXPANSION} values to this file"
            raise Refused(Fault(spot, self._steps(), message, "write fewer aliases of aliases"))
        self._count += anchored.size
        self._rise(anchored.height, spot)
        self._put(anchored.value, spot)

    def _rise(self, height: int, spot: Spot) -> None:
        """What is open holds a value of so many levels; aliases may add to more than were written."""
        if len(self._open) + height > MAX_DEPTH:
            raise Refused(Fault(spot, self._steps(), _TOO_DEEP))
        if self._heights:
            self._heights[-1] = max(self._heights[-1], height)

    @property
    def _at_key(self) -> bool:
        """Whether a key comes next."""
        return bool(self._open) and self._keys[-1] is None and type(self._open[-1].value) is Map

    def _put(self, value: Any, spot: Spot) -> None:
        """Place a finished value where it belongs."""
        if not self._open:
            self._document = value, spot
            return
        parent = self._open[-1].value
        entry = self._keys[-1]
        if entry is not None and isinstance(parent, Map):
            self._keys[-1] = None
            self._put_entry(parent, entry, value, spot)
        elif isinstance(parent, List):
            parent.append(value)
            parent.values_at.append(spot)

    def _put_entry(self, parent: Map, entry: tuple[str, Spot], value: Any, spot: Spot) -> None:
        key, key_spot = entry
        if key is _MERGE:
            self._open[-1].merges.append(value)
        elif key in parent:
            first = f"first in line {parent.keys_at[key][1]}"
            self.faults.append(Fault(key_spot, (*self._steps(), key), "this key stands here twice", first))
        else:
            parent[key] = value
            parent.keys_at[key] = key_spot
            parent.values_at[key] = spot

    def _merge(self, target: Any, sources: list[Any]) -> None:
        """`<<`: entries of other mappings that the mapping doesn't have itself; of several the first wins."""
        for source in [item for one in sources for item in (one if isinstance(one, list) else [one])]:
            if not isinstance(source, Map):
                self._fault(target.at, "<< needs a mapping, or a list of them")
                continue
            for key in [key for key in source if key not in target]:
                target[key] = source[key]
                target.keys_at[key] = source.keys_at[key]
                target.values_at[key] = source.values_at[key]

    def _fault(self, spot: Spot, message: str, hint: str = "") -> None:
        self.faults.append(Fault(spot, self._steps(), message, hint))

    def _steps(self) -> tuple[str | int, ...]:
        """The keys and indices that lead to what is being read."""
        steps: list[str | int] = []
        for opened, key in zip(self._open, self._keys, strict=True):
            if key is not None:
                steps.append(key[0])
            elif isinstance(opened.value, List):
                steps.append(len(opened.value))
        return tuple(steps)
