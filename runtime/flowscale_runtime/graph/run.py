"""One run of a graph: what is known is told, what is wanted is planned, what is ready works."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import blame, collector
from . import context as contexts
from .errors import DependencyCycle, GraphRefused, Interrupted
from .expansion import Expansion
from .mapping import merge
from .planner import Planner
from .record import Record
from .signatures import ordered
from .tasks import Tasks
from .values import Values
from .work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .cache import ResultCache
    from .forms import Returned
    from .instances import Instances
    from .interrupt import Interrupt
    from .listener import Listener
    from .node import Node
    from .nodes import Nodes
    from .results import NodeResult


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run works with and doesn't own."""

    cache: ResultCache
    instances: Instances
    listener: Listener
    interrupt: Interrupt
    extra: Mapping[str, Any]
    clock: Callable[[], float]
    repeat_outputs: bool = False


class Run:
    """Runs what the targets need, each node once."""

    def __init__(self, nodes: Nodes, around: Surroundings) -> None:
        self.record = Record(around.listener)
        self._nodes = nodes
        self._around = around
        self._values = Values(around.cache, repeat_outputs=around.repeat_outputs)
        self._planner = Planner(nodes, self._values)
        self._tasks = Tasks(around.interrupt)
        self._expansions: dict[str, Expansion] = {}

    async def go(self, targets: Iterable[str] | None) -> None:
        """Run to the end (all outputs when `targets` is None). Raises NodeFailed or Interrupted."""
        try:
            with collector.paused():
                self._around.cache.begin(await self._nodes.read_graph())
                self._start(self._nodes.outputs() if targets is None else tuple(targets))
            await self._work_off()
        except GraphRefused as refusal:
            raise blame.refused(self._nodes.prompt, refusal) from refusal
        finally:
            await self._tasks.cancel()

    def _start(self, targets: tuple[str, ...]) -> None:
        reach = [self._nodes.find(node_id) for node_id in ordered(targets, self._nodes.sources)]
        known = {node.id: result for node in reach if (result := self._values.known(node)) is not None}
        self.record.started(len(reach), known)
        roots = set(targets)
        for node in reach:
            if node.form.traits.has_intermediate_output and node.id in known and node.id not in roots:
                self.record.node_known(node.id, known[node.id])
        self._want(targets)

    def _want(self, targets: Iterable[str]) -> None:
        for node_id in targets:
            if self._planner.want(node_id):
                self.record.node_known(node_id, self._values.results[node_id])
                self._values.release(node_id)

    async def _work_off(self) -> None:
        schedule, tasks, interrupt = self._planner.schedule, self._tasks, self._around.interrupt
        while schedule:
            if interrupt.is_set():
                raise Interrupted
            node_id = schedule.next()
            if node_id is None:
                if not tasks:
                    raise DependencyCycle(schedule.cycle())
                await tasks.wait()
                continue
            node = self._nodes.find(node_id)
            if node.form.traits.asynchronous:
                tasks.start(self._visit(node))
            else:
                await self._visit(node)
            if tasks:
                await tasks.breathe()

    async def _visit(self, node: Node) -> None:
        """Bring a ready node forward: to its end, or to what it waits for next."""
        work = Work(node)
        try:
            if node.id in self._expansions:
                self._finish(node, self._expansions[node.id].resolve(self._values.results))
            elif self._values.fetch(node):
                self.record.node_known(node.id, self._values.results[node.id])
                self._settle(node)
            else:
                await self._work(node, work)
        except BaseException as error:
            if stops_the_run(error):
                raise
            raise blame.failed(self._nodes.prompt, node.id, error, work.lists) from error
        finally:
            contexts.leave(node.id)

    async def _work(self, node: Node, work: Work) -> None:
        around, record, prompt = self._around, self.record, self._nodes.prompt
        work.enter(prompt, around.listener, around.interrupt)
        record.node_started(node.id)
        work.prepare(self._values.results, prompt, around.extra, around.instances)
        if "lazy" in node.form.methods and (wanted := await work.asked()):
            self._planner.wait(node, wanted)
            return
        started = around.clock()
        returned = await work.call(record.node_blocked)
        record.seconds[node.id] = around.clock() - started
        for one in returned:
            if one.expand is not None:
                await self._expand(node, returned)
                return
        self._finish(node, merge(returned, node.form.traits))

    async def _expand(self, node: Node, returned: list[Returned]) -> None:
        expansion = self._expansions[node.id] = Expansion(returned, node.form.traits)
        self._values.hold(expansion.sources)
        for one in returned:
            if one.expand:
                children = await self._nodes.add(node, one.expand)
                self.record.node_expanded(node.id, children)
                self._want(child for child in children if self._nodes.find(child).form.traits.output_node)
        self._planner.wait(node, expansion.sources)

    def _finish(self, node: Node, result: NodeResult) -> None:
        self._values.put(node, result, self._nodes.prompt.get_owner_id(node.id))
        self.record.node_finished(node.id, result)
        self._settle(node)

    def _settle(self, node: Node) -> None:
        """A node has its result: who waited for it may go on, and what it held may go."""
        self._planner.schedule.done(node.id)
        expansion = self._expansions.pop(node.id, None) if self._expansions else None
        if expansion is not None:
            self._values.drop(expansion.sources)
        self._values.drop(node.sources)
        self._values.release(node.id)


def stops_the_run(error: BaseException) -> bool:
    """Whether a node raised what is meant for us; all else is its failure, `sys.exit()` too."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, Interrupted | KeyboardInterrupt)
