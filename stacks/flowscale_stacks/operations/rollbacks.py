"""Which rollbacks stand after somebody asked for one: a decision on what updates served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.operations.errors import Nowhere
from flowscale_stacks.reading.records import Hold, earlier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowscale_stacks.reading.records import Record, Served


def rolled_back(
    records: Sequence[Record], asked: Mapping[str, Served], names: Sequence[str], digest: str | None
) -> dict[str, Hold]:
    """The holds of what was served before, for the named deployments or for all that served something else.

    `records` are of updates that worked out, the newest first; `asked` is what git asks for; `digest` may be the start
    of one. Raises Nowhere.
    """
    if unknown := [name for name in names if name not in asked]:
        raise Nowhere(f"there is no deployment {unknown[0]}: there are {', '.join(sorted(asked))}")
    last = records[0] if records else None
    before = dict(last.holds) if last else {}
    found = dict(before)
    for name in names or asked:
        now = last.served.get(name, asked[name]) if last else asked[name]
        serve = earlier(records, name, now, digest)
        if serve is not None:
            found[name] = Hold(asked[name], serve)
        elif names or digest:
            raise Nowhere(_nowhere(name, digest))
    if found == before:
        raise Nowhere(_nowhere(", ".join(sorted(asked)), digest))
    return found


def _nowhere(name: str, digest: str | None) -> str:
    what = f"a release {digest}" if digest else "anything else"
    return f"{name} never served {what} before: see `flowscale history`"
