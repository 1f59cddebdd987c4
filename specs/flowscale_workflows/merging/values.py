"""Three-way merge of plain values: who changed what, and where both did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "nothing", "__slots__": ()})()
Kind = Literal["value", "link", "title", "removed", "added", "cycle"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same differently. `node` is the node's id in the result, `name` the input or field."""

    kind: Kind
    node: str
    name: str
    base: Any = None
    ours: Any = None
    theirs: Any = None

    def __str__(self) -> str:
        where = f"node {self.node} {self.name}".rstrip()
        if self.kind == "cycle":
            return self.name
        if self.kind == "removed":
            return f"{where}: {self.ours} and {self.theirs}"
        return f"{where}: {shown(self.base)} became {shown(self.ours)} and {shown(self.theirs)}"

    def to_json(self) -> dict[str, Any]:
        """The conflict for programs."""
        sides = {"base": self.base, "ours": self.ours, "theirs": self.theirs}
        known = {name: None if value is ABSENT else value for name, value in sides.items()}
        return {"kind": self.kind, "node": self.node, "name": self.name, **known}


@dataclass(frozen=True, slots=True)
class Merged:
    """The result; where there are conflicts it has our side of them."""

    workflow: dict[str, Any]
    conflicts: tuple[Conflict, ...] = field(default=())


def same(one: object, other: object) -> bool:
    """Equal, with 1 and 1.0 the same but 1 and true not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def three(base: Any, ours: Any, theirs: Any) -> tuple[Any, bool]:
    """The merged value, and whether both sides changed it differently (then it is ours)."""
    if same(ours, theirs) or same(theirs, base):
        return ours, False
    if same(ours, base):
        return theirs, False
    return ours, True


def by_key(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> Iterator[tuple[str, Any, bool]]:
    """Each key with its merged value, ABSENT where it is gone, and whether that is a conflict."""
    for key in dict.fromkeys([*ours, *theirs, *base]):
        sides = (side.get(key, ABSENT) for side in (base, ours, theirs))
        yield key, *three(*sides)


def quietly(base: Any, ours: Any, theirs: Any) -> Any:
    """The merged value of what only looks: objects key by key, and our side where both changed it."""
    if all(isinstance(side, dict) for side in (base, ours, theirs)):
        keys = dict.fromkeys([*ours, *theirs])
        merged = {key: quietly(*(side.get(key, ABSENT) for side in (base, ours, theirs))) for key in keys}
        return {key: value for key, value in merged.items() if value is not ABSENT}
    return three(base, ours, theirs)[0]


def aligned(sides: Sequence[Any]) -> bool:
    """Whether lists can be merged place by place."""
    return all(isinstance(side, list) for side in sides) and len({len(side) for side in sides}) == 1


def shown(value: Any) -> str:
    """A value in a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
