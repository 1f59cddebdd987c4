"""What a workflow wants of weights, and what a release pins of them: plain values."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any

from flowscale_specs.kinds.workflow import ModelFile

Tell = Callable[[str, int, int | None], None]
"""Is told of progress: which model, the bytes that are there, and of how many (None where nobody says)."""


def silent(model: str, done: int, size: int | None) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of weights by the name that a graph's loader shows, in the folder of its kind.

    `source` is where it comes from (None: it lies among the folder's models), `sha256` 64 hexadecimal digits, `size` bytes,
    `token` the reference of a secret, `pickle` whether a file may be loaded that could run code.
    """

    kind: str
    name: str
    source: str | None = None
    sha256: str | None = None
    size: int | None = None
    token: str | None = None
    pickle: bool = False

    @property
    def key(self) -> str:
        """Where it lies below a folder of models."""
        return f"{self.kind}/{self.name}"

    def to_json(self) -> dict[str, Any]:
        """As a release pins it."""
        facts = {name: value for name, value in asdict(self).items() if value not in (None, False)}
        return {name: value for name, value in facts.items() if name not in ("kind", "name")}

    @classmethod
    def from_json(cls, key: str, pinned: Mapping[str, Any]) -> "Wanted":
        """What `to_json` gave, under its key."""
        kind, _, name = key.partition("/")
        known = {field: pinned.get(field) for field in ("source", "sha256", "size", "token")}
        return cls(kind, name, **known, pickle=bool(pinned.get("pickle")))


def declared(model: ModelFile) -> Wanted:
    """What a spec declares."""
    return Wanted(
        model.kind,
        str(PurePosixPath(model.name)),
        model.source,
        model.sha256,
        int(model.size) if model.size is not None else None,
        model.token.secret if model.token else None,
        model.pickle,
    )


def pinned(release: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """What the bundle of a release pins, in order of their names."""
    found: Mapping[str, Any] = release.get("models") or {}
    return tuple(Wanted.from_json(key, found[key]) for key in sorted(found))
