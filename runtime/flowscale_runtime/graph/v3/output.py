"""What `execute` returns."""

from __future__ import annotations

from typing import Any

from ..blocker import ExecutionBlocker
from ..errors import BadReturn
from ..forms import Returned


class NodeOutput:
    """Values of the outputs, what to show, a graph to expand to, or the message of a blocker."""

    def __init__(
        self,
        *args: Any,
        ui: Any = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        self.args = args
        self.ui = ui
        self.expand = expand
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """The values, or None when there are none."""
        return self.args or None

    def __getitem__(self, index: int) -> Any:
        return self.args[index]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NodeOutput:
        """From a dict of `result`, `ui`, `expand`."""
        result = data.get("result")
        if isinstance(result, ExecutionBlocker):
            return cls(ui=data.get("ui"), expand=data.get("expand"), block_execution=result.message)
        return cls(*(result or ()), ui=data.get("ui"), expand=data.get("expand"))


def returned(class_type: str, value: Any, outputs: int) -> Returned:
    """What a call gave, in one shape. Raises BadReturn."""
    output = _output(class_type, value)
    if output is None:
        return Returned((value,) * outputs)
    values = output.args
    if output.block_execution is not None:
        values = (ExecutionBlocker(output.block_execution),) * outputs
    return Returned(values, _ui(output.ui), output.expand)


def _output(class_type: str, value: Any) -> Any:
    if isinstance(value, ExecutionBlocker):
        return None
    if value is None:
        return NodeOutput()
    if isinstance(value, dict):
        return NodeOutput.from_dict(value)
    if isinstance(value, tuple):
        return NodeOutput(*value)
    if hasattr(value, "args") and hasattr(value, "block_execution"):
        return value
    raise BadReturn(
        f"{class_type}.execute returned {type(value).__name__}, not a NodeOutput",
        hint="return io.NodeOutput(value, ...) with one value per output",
    )


def _ui(shown: Any) -> dict[str, Any] | None:
    if shown is None or isinstance(shown, dict):
        return shown
    made: dict[str, Any] = shown.as_dict()
    return made
