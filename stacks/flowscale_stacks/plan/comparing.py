"""Two lists of objects side by side: what was there, and what is wanted."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from flowscale_stacks.plan.changes import ABSENT, Change, FieldChange
from flowscale_stacks.plan.masking import masked
from flowscale_stacks.plan.owned import IMMUTABLE, in_place_of, without_others_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flowscale_stacks.compile import Object
    from flowscale_stacks.plan.changes import Action

Key = tuple[str, str, str]


def compare(current: Iterable[Object], wanted: Iterable[Object], *, live: bool = False) -> tuple[Change, ...]:
    """What must change for `wanted` to be there: additions and changes in its order, then removals, last first.

    Status, and fields that the server or a controller owns, never count. With `live`, objects were read from a server:
    fields that are not wanted are its defaults and don't count either.
    """
    before = {_key(item): item for item in current}
    after = {_key(item): item for item in wanted}
    found = [_change(before.get(key), item, live=live) for key, item in after.items()]
    gone = [item for key, item in before.items() if key not in after]
    removed = [Change("remove", item["kind"], item["metadata"]["name"]) for item in reversed(gone)]
    return (*(change for change in found if change), *removed)


def _key(item: Object) -> Key:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]


def _change(before: Object | None, after: Object, *, live: bool) -> Change | None:
    kind, name = after["kind"], after["metadata"]["name"]
    if before is None:
        return Change("add", kind, name)
    old, new = masked(without_others_fields(before)), masked(without_others_fields(after))
    fields = tuple(_fields(old, new, "", live=live))
    if not fields:
        return None
    replaced = any(_within(field.path, path) for field in fields for path in IMMUTABLE.get(kind, ()))
    action: Action = "replace" if replaced else "change"
    return Change(action, kind, name, fields)


def _within(path: str, part: str) -> bool:
    return path == part or path.startswith((f"{part}.", f"{part}["))


def _fields(before: Any, after: Any, path: str, *, live: bool) -> Iterator[FieldChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*after, *(key for key in before if key not in after and not live)):
            step = f"[{key!r}]" if "." in key or "/" in key else f".{key}"
            yield from _fields(
                before.get(key, ABSENT), after.get(key, ABSENT), f"{path}{step}".lstrip("."), live=live
            )
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path, live=live)
    elif before != after and not (live and in_place_of(before, after)):
        yield FieldChange(path, before, after)


def _items(before: list[Any], after: list[Any], path: str, *, live: bool) -> Iterator[FieldChange]:
    """Lists of named things are compared by name, others by place."""
    if _named(before) and _named(after):
        old, new = ({item["name"]: item for item in items} for items in (before, after))
        for name in (*new, *(name for name in old if name not in new)):
            yield from _fields(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}[{name}]", live=live)
    else:
        pairs = zip_longest(before, after, fillvalue=ABSENT)
        for index, (old_item, new_item) in enumerate(pairs):
            yield from _fields(old_item, new_item, f"{path}[{index}]", live=live)


def _named(items: list[Any]) -> bool:
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    return None not in names and len(set(names)) == len(names)
