"""A network as engines need it: where its weights are, what goes in and out, how it is batched."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """A tensor: its name, Triton's word for its type, and its shape without the batch (-1 is any size)."""

    name: str
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Network:
    """One `Model`. `digest` is that of all that decides what it computes; `batch` 0 means one request a pass.

    `code` and `kind` are the Python file and class that safetensors weights are loaded into. `delay` is in
    microseconds, `memory` in bytes.
    """

    name: str
    digest: str
    format: str
    file: Path
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    code: Path | None = None
    kind: str = ""
    batch: int = 0
    delay: int = 0
    preferred: tuple[int, ...] = ()
    count: int = 1
    warmup: int = 0
    cache: bool = False
    quantization: str = "none"
    memory: int = 0
    queue: int = 0
    priorities: int = 1

    @property
    def version(self) -> str:
        """What callers see of its digest: it changes with anything that it computes."""
        return self.digest[:12]

    @property
    def model(self) -> str:
        """Its name in Triton: a changed network stands beside the old one."""
        return f"{self.name}-{self.version}"

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the configuration of a process."""
        return {**asdict(self), "file": str(self.file), "code": str(self.code) if self.code else None}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Network":
        """The network that `to_json` wrote."""
        ports = {
            name: tuple(Port(port["name"], port["type"], tuple(port["shape"])) for port in found[name])
            for name in ("inputs", "outputs")
        }
        code = Path(found["code"]) if found["code"] else None
        plain = {"file": Path(found["file"]), "code": code, "preferred": tuple(found["preferred"])}
        return cls(**{**found, **ports, **plain})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as it travels: Triton's word for its type, its shape, and its elements in little endian, row by row.

    Elements of type BYTES each have their length in front, as 4 bytes.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    raw: bytes


def joined(tensors: Sequence[Tensor]) -> tuple[list[dict[str, Any]], bytes]:
    """Tensors as a list of plain values and the bytes of all."""
    heads = [
        {"name": one.name, "type": one.type, "shape": one.shape, "size": len(one.raw)} for one in tensors
    ]
    return heads, b"".join(one.raw for one in tensors)


def split(heads: Sequence[Mapping[str, Any]], blob: bytes) -> list[Tensor]:
    """The tensors that `joined` put together."""
    found, place = [], 0
    for head in heads:
        raw = blob[place : place + head["size"]]
        found.append(Tensor(head["name"], head["type"], tuple(head["shape"]), raw))
        place += head["size"]
    return found
