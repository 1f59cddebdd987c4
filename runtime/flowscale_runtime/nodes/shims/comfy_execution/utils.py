"""ComfyUI's `comfy_execution.utils`: which node runs here."""

from __future__ import annotations

from typing import NamedTuple

from flowscale_runtime.graph.context import running


class ExecutionContext(NamedTuple):
    """The running node."""

    prompt_id: str
    node_id: str
    list_index: int | None


def get_executing_context() -> ExecutionContext | None:
    """The running node; None outside of any run. Runs have no id here: a node isn't told whose it is."""
    here = running()
    return None if here is None else ExecutionContext("", here.node_id, here.call_index)
