"""The stable names of inputs and outputs: `<widget>_<number>` and `filename_prefix_<number>`."""

import re
from dataclasses import replace
from typing import TypeVar

from flowscale_workflows.signatures import Input, Output

T = TypeVar("T", Input, Output)
_OTHER = re.compile(r"[^0-9A-Za-z_]+")


def of_input(node_id: str, widget: str) -> str:
    return f"{_plain(widget)}_{_plain(node_id)}"


def of_output(node_id: str) -> str:
    return f"filename_prefix_{_plain(node_id)}"


def unique(name: str, taken: set[str]) -> str:
    """The name, or the first of `name_b`, `name_bb` ... that is free; notes that it is taken now."""
    free = name
    while free in taken:
        free = f"{free}b" if free != name else f"{name}_b"
    taken.add(free)
    return free


def renamed(item: T, name: str, alias: str | None) -> T:
    return replace(item, name=name, alias=alias)


def _plain(text: str) -> str:
    return _OTHER.sub("_", text).strip("_") or "x"
