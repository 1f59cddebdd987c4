"""Which node is running here: for progress, previews, interruption and the ids of expanded graphs.

The context follows async tasks and `asyncio.to_thread` by itself. Plain threads that a node starts see the node that
was last called on the executor's thread, for a process executes one run at a time.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from .errors import Interrupted
from .interrupt import Interrupt
from .listener import MessageListener, SilentListener

if TYPE_CHECKING:
    from .listener import Listener


LONG = 160


@dataclass(slots=True)
class NodeContext:
    """The running node. `display_id` is the node of the original graph (or an override) that it is shown as."""

    node_id: str = ""
    class_type: str = ""
    display_id: str = ""
    parent_id: str | None = None
    listener: Listener = field(default_factory=SilentListener, repr=False)
    interrupt: Interrupt = field(default_factory=Interrupt, repr=False)
    call_index: int = 0
    graphs: int = 0

    def check(self) -> None:
        """Raise Interrupted when the run was asked to stop."""
        if self.interrupt.is_set():
            raise Interrupted

    def progress(self, value: float, total: float, preview: Any = None) -> None:
        """Report `value` of `total` done, with a picture of the state where there is one; may raise Interrupted."""
        self.check()
        self.listener.node_progress(self.node_id, value, total)
        if preview is not None:
            self.listener.node_preview(self.node_id, preview)

    def message(self, kind: str, data: Any) -> None:
        """Tell the pack's scripts in browsers something, where anybody listens to such messages."""
        if isinstance(self.listener, MessageListener):
            self.listener.node_message(self.node_id, kind, data)

    def next_graph(self) -> str:
        """The prefix of ids for the next graph that this call expands to."""
        prefix = f"{short(self.node_id)}.{self.call_index}.{self.graphs}."
        self.graphs += 1
        return prefix

    def for_call(self, index: int) -> NodeContext:
        """The same node, for its call `index` over lists."""
        return NodeContext(
            self.node_id,
            self.class_type,
            self.display_id,
            self.parent_id,
            self.listener,
            self.interrupt,
            index,
        )


def short(node_id: str) -> str:
    """The id, or for one that nesting made long, its root and a digest: ids would grow with the depth otherwise."""
    if len(node_id) <= LONG:
        return node_id
    return f"{node_id.partition('.')[0]}.{blake2b(node_id.encode(), digest_size=12).hexdigest()}"


OUTSIDE = NodeContext()
"""No node: reports to nobody."""

_current: ContextVar[NodeContext | None] = ContextVar("flowscale_node", default=None)
_latest: NodeContext | None = None


def current() -> NodeContext:
    """The running node. Outside of any run, a context that reports to nobody."""
    return _current.get() or _latest or OUTSIDE


def running() -> NodeContext | None:
    """The running node, or None outside of any run."""
    return _current.get() or _latest


def enter(context: NodeContext) -> None:
    """Make `context` the running node of this task, and of plain threads that nodes start."""
    global _latest
    _current.set(context)
    _latest = context


def leave(node_id: str) -> None:
    """The node `node_id` doesn't run here any more."""
    global _latest
    _current.set(None)
    if _latest is not None and _latest.node_id == node_id:
        _latest = None
