"""Signatures: equal for nodes that would compute the same thing, whatever their ids, titles and places.

A signature is a digest over the class, what its fingerprint function says, its literals, and the signatures of its
sources, so each node costs one digest however deep the graph is. A node whose value can't be compared (NaN, an object
without a plain form, a cycle) is volatile: its signature is new each time, and so are those of all that depend on it.
"""

from __future__ import annotations

import marshal
from hashlib import blake2b
from os import urandom
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .node import Node

SIZE = 16
_ATOMS = frozenset({str, int, bool, bytes, type(None)})
_FLAT = 2
"""The marshal version without references: equal values give equal bytes."""


class Incomparable(Exception):
    """A value without a plain form."""


def plain(value: Any) -> Any:
    """The value made of exact built-in types, in a fixed order. Raises Incomparable."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is float:
        return _number(value)
    if kind is dict:
        return ("dict", sorted(((plain(key), plain(item)) for key, item in value.items()), key=repr))
    if kind is list or kind is tuple:
        return (kind.__name__, [plain(item) for item in value])
    if kind is set or kind is frozenset:
        return ("set", sorted((plain(item) for item in value), key=repr))
    return _rebuilt(value)


def _number(value: float) -> float:
    if value != value:
        raise Incomparable
    return value


def _rebuilt(value: Any) -> Any:
    bases: tuple[Any, ...] = (str, bool, int, float, bytes)
    for base in bases:
        if isinstance(value, base):
            return plain(base(value))
    raise Incomparable


def signature(
    class_type: str, fingerprint: Any, identity: str | None, inputs: Iterable[tuple[str, Any]]
) -> bytes | None:
    """The digest of a node; None when something in it can't be compared.

    `inputs`: (name, source signature as bytes, slot) for links and (name, literal) for the rest, sorted by name.
    """
    try:
        return blake2b(
            marshal.dumps((class_type, plain(fingerprint), identity, tuple(inputs)), _FLAT), digest_size=SIZE
        ).digest()
    except (Incomparable, ValueError, RecursionError, TypeError):
        return None


def sign(node: Node, fingerprint: Any, source: Callable[[str], Node | None]) -> None:
    """Give `node` its signature; its sources have theirs already, or are None (missing, or part of a cycle)."""
    signed = _sign(node, fingerprint, source)
    node.volatile = signed is None
    node.signature = urandom(SIZE) if signed is None else signed


def _sign(node: Node, fingerprint: Any, source: Callable[[str], Node | None]) -> bytes | None:
    try:
        inputs: list[tuple[Any, ...]] = [(name, plain(value)) for name, value in node.literals.items()]
        inputs += [(name, plain(value)) for name, value in node.ignored.items()]
    except (Incomparable, RecursionError, TypeError):
        return None
    for name, (source_id, slot) in node.links.items():
        origin = source(source_id)
        if origin is None or origin.volatile:
            return None
        inputs.append((name, origin.signature, slot))
    if len(inputs) > 1:
        inputs.sort(key=_by_name)
    return signature(node.form.class_type, fingerprint, _identity(node), inputs)


def _by_name(entry: tuple[Any, ...]) -> str:
    return str(entry[0])


def _identity(node: Node) -> str | None:
    traits = node.form.traits
    return node.id if traits.not_idempotent or "UNIQUE_ID" in traits.hidden.values() else None


def ordered(
    roots: Iterable[str], sources: Mapping[str, Iterable[str]] | Callable[[str], Iterable[str]]
) -> list[str]:
    """All that `roots` depend on, sources first, without recursion. Links that close a cycle are passed over."""
    of = sources if callable(sources) else sources.__getitem__
    order: list[str] = []
    seen: set[str] = set()
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(of(root)))]
        while stack:
            node_id, rest = stack[-1]
            for source in rest:
                if source not in seen:
                    seen.add(source)
                    stack.append((source, iter(of(source))))
                    break
            else:
                stack.pop()
                order.append(node_id)
    return order
