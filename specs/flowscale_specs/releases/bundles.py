"""Releases: what a version of a workflow is made of, known by the digest of its canonical bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from flowscale_specs.releases.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An immutable bundle. GPU, scaling, secrets and environment are not in it, so that environments share releases."""

    graph: Mapping[str, Any]
    """The graph in API form."""
    interface: Mapping[str, Any]
    """Inputs and outputs."""
    definitions: Mapping[str, Any] = field(default_factory=dict)
    """Descriptions of the node classes that the graph uses."""
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`folder/file` -> its `sha256`, its `size`, and the `source` it comes from."""
    packs: Mapping[str, str] = field(default_factory=dict)
    """Source -> commit."""
    wheels: Mapping[str, str] = field(default_factory=dict)
    """Distribution -> version."""
    environments: tuple[Mapping[str, Any], ...] = ()
    """Packs from their sources, with commits and wheels by checksum; those of a group share an environment."""

    def to_json(self) -> dict[str, Any]:
        parts = {name.name: getattr(self, name.name) for name in fields(self)}
        if not self.environments:  # releases without packs are what they were before there were any
            del parts["environments"]
        return {"format": "flowscale.ai/v1", **parts}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Release:
        """Read what `to_json` gave; keys that later versions added are left out."""
        known = {name.name for name in fields(cls)}
        parts = {key: item for key, item in value.items() if key in known}
        return cls(**parts | {"environments": tuple(value.get("environments", ()))})

    def bundle(self) -> bytes:
        """The bytes that are stored, and that the digest is of."""
        return canonical(self.to_json())


def digest(release: Release) -> str:
    """`sha256:` and 64 hexadecimal digits: the same for the same release, on any machine."""
    return digest_of(release.bundle())


def digest_of(bundle: bytes) -> str:
    """The digest of stored bytes."""
    return f"sha256:{hashlib.sha256(bundle).hexdigest()}"
