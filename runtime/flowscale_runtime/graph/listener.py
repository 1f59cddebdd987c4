"""Who hears what a run does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping

Ui = dict[str, list[Any]]


class Listener(Protocol):
    """Called on the executor's thread (progress and previews: on the thread that reports them), in order."""

    def started(self, total: int, cached: tuple[str, ...]) -> None:
        """The run starts: how many nodes its outputs need, and which of them are known already."""

    def node_started(self, node_id: str) -> None:
        """A node starts; once per node, and not for cached ones."""

    def node_progress(self, node_id: str, value: float, maximum: float) -> None:
        """A node has done `value` of `maximum`."""

    def node_preview(self, node_id: str, image: Any) -> None:
        """A node shows what it has so far."""

    def node_finished(self, node_id: str, ui: Ui | None, seconds: float) -> None:
        """A node is done; `ui` is what it wants shown. A cached output node is told with 0 seconds."""


@runtime_checkable
class BlockListener(Protocol):
    """Optional: hears of nodes skipped by an ExecutionBlocker with a message."""

    def node_blocked(self, node_id: str, message: str) -> None:
        """The node was skipped, the run goes on."""


@runtime_checkable
class ExpansionListener(Protocol):
    """Optional: hears of nodes that a node expanded to, before they start."""

    def node_expanded(self, node_id: str, children: Mapping[str, str]) -> None:
        """`children`: id of each new node → id of the node that it is shown as."""


@runtime_checkable
class MessageListener(Protocol):
    """Optional: hears what a pack tells its own scripts in browsers."""

    def node_message(self, node_id: str, kind: str, data: Any) -> None:
        """A node says something of a kind that its pack made up."""


class SilentListener:
    """Hears nothing; a base for listeners that care for some of it."""

    def started(self, total: int, cached: tuple[str, ...]) -> None:
        """Nothing."""

    def node_started(self, node_id: str) -> None:
        """Nothing."""

    def node_progress(self, node_id: str, value: float, maximum: float) -> None:
        """Nothing."""

    def node_preview(self, node_id: str, image: Any) -> None:
        """Nothing."""

    def node_finished(self, node_id: str, ui: Ui | None, seconds: float) -> None:
        """Nothing."""

    def node_blocked(self, node_id: str, message: str) -> None:
        """Nothing."""

    def node_expanded(self, node_id: str, children: Mapping[str, str]) -> None:
        """Nothing."""
