"""The work of one node: its inputs are gathered, lazy ones asked for, its function is called."""

from __future__ import annotations

from asyncio import Task
from typing import TYPE_CHECKING, Any

from . import context as contexts
from . import hidden
from .calls import ask, returns, settle, start
from .context import OUTSIDE, NodeContext
from .gather import gather

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .dynprompt import DynamicPrompt
    from .forms import Returned
    from .instances import Instances
    from .interrupt import Interrupt
    from .listener import Listener
    from .mapping import Lists
    from .node import Node
    from .results import NodeResult


class Work:
    """One visit to one node. `lists` are the values that reach it, for whoever tells of a failure too."""

    __slots__ = ("_context", "_hidden", "_instance", "_missing", "lists", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.lists: Lists = {}
        self._missing: list[str] = []
        self._hidden: dict[str, Any] = {}
        self._instance: Any = None
        self._context = OUTSIDE

    def enter(self, prompt: DynamicPrompt, listener: Listener, interrupt: Interrupt) -> None:
        """Make this the running node."""
        node_id = self.node.id
        self._context = NodeContext(
            node_id,
            self.node.form.class_type,
            prompt.get_display_node_id(node_id),
            prompt.get_parent_node_id(node_id),
            listener,
            interrupt,
        )
        contexts.enter(self._context)

    def prepare(
        self,
        results: Mapping[str, NodeResult],
        prompt: DynamicPrompt,
        extra: Mapping[str, Any],
        instances: Instances,
    ) -> None:
        """Take the values that are there, and the state that the node keeps."""
        node, form = self.node, self.node.form
        self._missing = gather(node, results, self.lists)
        if form.traits.hidden:
            self._hidden = hidden.values(form.traits.hidden, node.id, prompt, extra)
            if not form.binds_hidden:
                self.lists.update((name, [value]) for name, value in self._hidden.items())
        self._instance = instances.of(node, prompt.get_real_node_id(node.id))

    async def asked(self) -> tuple[str, ...]:
        """The sources of lazy inputs that the node asks for now."""
        function = self.node.form.method("lazy", self._instance, self._hidden)
        answers = await ask(self.node.form, function, self.lists, self.node.given)
        names = {name for answer in answers if isinstance(answer, list | tuple | set) for name in answer}
        return tuple({self.node.links[name][0]: None for name in self._missing if name in names})

    async def call(self, blocked: Callable[[str, str | None], None]) -> list[Returned]:
        """Do it."""
        form = self.node.form
        function = form.method("execute", self._instance, self._hidden)
        found = start(form, function, self.lists, self.node.given, self._context, blocked)
        for one in found:
            if type(one) is Task:
                return returns(form, await settle(found))
        return returns(form, found)
