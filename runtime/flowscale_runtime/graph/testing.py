"""For tests of nodes and of what runs them: node classes in one line, and a listener that remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .listener import Ui


def node_class(
    function: Callable[..., Any],
    *,
    returns: Sequence[Any] = (),
    required: Mapping[str, Any] | None = None,
    optional: Mapping[str, Any] | None = None,
    hidden: Mapping[str, str] | None = None,
    **attributes: Any,
) -> type:
    """A plain node class that calls `function` (without `self`); attributes go on the class as they are."""
    groups = {"required": required, "optional": optional, "hidden": hidden}
    types = {name: {} if group is None else group for name, group in groups.items()}
    members = {
        "INPUT_TYPES": classmethod(lambda _: types),
        "RETURN_TYPES": tuple(returns),
        "FUNCTION": "work",
        "CATEGORY": "testing",
        "work": staticmethod(function),
        **attributes,
    }
    return type("TestNode", (), members)


def api(class_type: str, title: str | None = None, /, **inputs: Any) -> dict[str, Any]:
    """A node in API form."""
    node: dict[str, Any] = {"class_type": class_type, "inputs": inputs}
    return node if title is None else {**node, "_meta": {"title": title}}


class RecordingListener:
    """Remembers all that it hears, as tuples in `events`."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """What was said under one name, without the name."""
        return [event[1:] for event in self.events if event[0] == name]

    @property
    def ran(self) -> list[str]:
        """Nodes in the order in which they started."""
        return [event[0] for event in self.named("node_started")]

    def started(self, total: int, cached: tuple[str, ...]) -> None:
        """Remember."""
        self.events.append(("started", total, cached))

    def node_started(self, node_id: str) -> None:
        """Remember."""
        self.events.append(("node_started", node_id))

    def node_progress(self, node_id: str, value: float, maximum: float) -> None:
        """Remember."""
        self.events.append(("node_progress", node_id, value, maximum))

    def node_preview(self, node_id: str, image: Any) -> None:
        """Remember."""
        self.events.append(("node_preview", node_id, image))

    def node_finished(self, node_id: str, ui: Ui | None, seconds: float) -> None:
        """Remember, but for the seconds."""
        self.events.append(("node_finished", node_id, ui))

    def node_blocked(self, node_id: str, message: str) -> None:
        """Remember."""
        self.events.append(("node_blocked", node_id, message))

    def node_expanded(self, node_id: str, children: Mapping[str, str]) -> None:
        """Remember."""
        self.events.append(("node_expanded", node_id, dict(children)))
