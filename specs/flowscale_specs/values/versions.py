"""Semantic versions, ranges of them, and digests."""

from __future__ import annotations

import operator
import re
from typing import Any, Self

import semver

from flowscale_specs.values.base import ShortForm, text_of

_NUMBER = r"(?:0|[1-9][0-9]{0,15})"
_SHORT = re.compile(rf"v?({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?([-+].*)?", re.ASCII)
_BOUND = re.compile(r"(==|!=|>=|<=|>|<) ?(\S+)")
_COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_HEX = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})", re.ASCII)


class Version(ShortForm, str):
    """A semantic version; `1.2` is read as `1.2.0`."""

    __slots__ = ()
    noun = "a semantic version"
    examples = ("2.1.0", "3.0.0-beta.1")
    pattern = r"^v?[0-9]+(\.[0-9]+){0,2}([-+].*)?$"
    numbers = True

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = None if isinstance(written, bool) else _SHORT.fullmatch(text_of(written))
        if match is None:
            raise cls.refuse(written)
        text = f"{match[1]}.{match[2] or 0}.{match[3] or 0}{match[4] or ''}"
        if not semver.Version.is_valid(text):
            raise cls.refuse(written)
        return cls(text)

    @property
    def order(self) -> semver.Version:
        """What versions are sorted by."""
        return semver.Version.parse(self)


class VersionRange(ShortForm, str):
    """Bounds that a version keeps, all of them: `>=1.2.0,<2.0.0`; `*` is any version."""

    __slots__ = ()
    noun = "a range of versions"
    examples = (">=1.2,<2", "==2.1.0", "*")
    pattern = r"^(\*|(==|!=|>=|<=|>|<) ?\S+( ?, ?(==|!=|>=|<=|>|<) ?\S+)*)$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        text = text_of(written)
        if text == "*":
            return cls(text)
        matches = [_BOUND.fullmatch(part.strip()) for part in text.split(",")]
        if not all(matches):
            raise cls.refuse(written)
        return cls(",".join(m[1] + Version.parse(m[2]) for m in matches if m))

    def contains(self, version: Version) -> bool:
        """Whether a version keeps all bounds. A pre-release sorts before its release, as semver says."""
        bounds = [] if self == "*" else [_BOUND.fullmatch(part) for part in self.split(",")]
        return all(_COMPARE[m[1]](version.order, Version(m[2]).order) for m in bounds if m)


class Sha256(ShortForm, str):
    """A SHA-256 checksum: 64 hexadecimal digits."""

    __slots__ = ()
    noun = "a SHA-256 checksum"
    examples = ("0f" * 32,)
    pattern = r"^(sha256:)?[0-9a-fA-F]{64}$"

    @classmethod
    def parse(cls, written: Any) -> Self:
        match = _HEX.fullmatch(text_of(written))
        if match is None:
            raise ValueError("not a SHA-256 checksum: write its 64 hexadecimal digits")
        return cls(match[1].lower())

    @property
    def digest(self) -> str:
        return f"sha256:{self}"
