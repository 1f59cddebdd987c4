"""The loop of the leader: whatever changed is looked at again, everything now and then, and what is missing is done."""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from typing import TYPE_CHECKING, Any

import httpx2
from lightkube import ApiError
from pydantic import ValidationError

from flowscale_controllers.decisions.values import Load
from flowscale_controllers.errors import GatewayLost, NotLeader
from flowscale_controllers.loops.budgets import look, rule_of, status_after
from flowscale_controllers.loops.reconcile import Actions, View, executor_of, reconcile
from flowscale_controllers.loops.traffic import Traffic
from flowscale_controllers.observe.demand import Demand, read_demand, read_ledgers
from flowscale_specs.resources import read_budget_resource, read_resource

if TYPE_CHECKING:
    from flowscale_controllers.actuate.cluster import Actuator
    from flowscale_controllers.actuate.leases import Leadership
    from flowscale_controllers.actuate.messages import Messages
    from flowscale_controllers.decisions.budgets import Ledger
    from flowscale_controllers.loops.contention import Contention
    from flowscale_controllers.loops.metrics import Metrics
    from flowscale_controllers.observe.cluster import Cluster
    from flowscale_controllers.observe.gateway import Gateway
    from flowscale_specs import ResolvedBudget
    from flowscale_specs.resources import ResourceDeployment

log = logging.getLogger(__name__)
EVERYTHING = 30.0
"""Seconds after which everything is looked at, whatever has changed."""
BUDGETS = 5.0
"""Seconds between two looks at budgets."""
REST = 1.0
"""Seconds before something that failed is tried again."""
AHEAD = 120.0
"""Seconds that a new instance may take until it is ready, for forecasts."""


NOTHING = Demand(load=Load())
"""The demand of a deployment that the gateway has no runs of."""


class Control:
    """The state of the loop. All of it can be lost: the next turn finds what is needed in the cluster and the gateway."""

    def __init__(
        self,
        cluster: Cluster,
        gateway: Gateway,
        actuator: Actuator,
        leadership: Leadership,
        messages: Messages,
        metrics: Metrics,
        contention: Contention,
    ) -> None:
        self.cluster, self.gateway, self.actuator = cluster, gateway, actuator
        self.leadership, self.messages, self.metrics = leadership, messages, metrics
        self.contention = contention
        self.demand: dict[str, Demand] | None = None
        self.ledgers: dict[str, Ledger] = {}
        self.traffic: dict[str, Traffic] = {}
        self._dirty: set[str] = set()
        self._wake = asyncio.Event()
        self._later: list[tuple[float, str]] = []
        self._read: dict[str, tuple[str, Any]] = {}

    def changed(self, name: str) -> None:
        """Something about a deployment, a budget or ("") all of them has changed."""
        self._dirty.update([name] if name else self.cluster.deployments.objects)
        self._wake.set()

    async def listen(self) -> None:
        """Follows the gateway's demand, over whatever breaks between here and there."""
        while True:
            try:
                async for told in self.gateway.demand():
                    self._hear(read_demand(told))
            except GatewayLost as error:
                log.warning("the gateway isn't heard", extra={"error": str(error)})
            if self.demand is not None:
                self.demand = None
                self.changed("")
            await asyncio.sleep(REST)

    async def watch_budgets(self) -> None:
        """Looks at every budget, now and then."""
        while True:
            try:
                self.ledgers = read_ledgers(await self.gateway.budgets())
                await self._budgets()
            except GatewayLost as error:
                log.warning("budgets can't be read", extra={"error": str(error)})
            except NotLeader:
                log.debug("another process looks at budgets")
            except (ApiError, httpx2.HTTPError) as error:
                log.warning("a budget's status wasn't written", extra={"error": str(error)})
            await asyncio.sleep(BUDGETS)

    async def run(self) -> None:
        """Turns for as long as the process lives; only the leader's turns do anything."""
        for store in self.cluster.stores:
            await store.synced.wait()
        while True:
            await self._sleep()
            self.metrics.leader.set(self.leadership.leads)
            self.contention.forget(self.traffic.keys() - self.cluster.deployments.objects.keys())
            if not self.leadership.leads:
                await asyncio.sleep(0.05)
                self._wake.set()
                continue
            dirty, self._dirty = self._dirty, set()
            for name in sorted(dirty & set(self.cluster.deployments.objects)):
                await self._turn(name)

    async def _sleep(self) -> None:
        """Until something changes or is due."""
        due = self._later[0][0] if self._later else time.time() + EVERYTHING
        if not self._dirty:
            try:
                async with asyncio.timeout(min(max(0.0, due - time.time()), EVERYTHING)):
                    await self._wake.wait()
            except TimeoutError:
                if not self._later or due > time.time():
                    self.changed("")
        self._wake.clear()
        while self._later and self._later[0][0] <= time.time():
            self._dirty.add(heapq.heappop(self._later)[1])

    async def _turn(self, name: str) -> None:
        """One look at one deployment; what fails is tried again later and leaves the others alone."""
        started = time.perf_counter()
        try:
            actions = await self._look(name)
        except NotLeader:
            self._dirty.add(name)
            return
        except (ApiError, httpx2.HTTPError, ValidationError) as error:
            log.warning("a deployment can't be looked after", extra={"deployment": name, "error": str(error)})
            self.metrics.failures.labels(name).inc()
            heapq.heappush(self._later, (time.time() + REST, name))
            return
        if actions.again_at is not None:
            heapq.heappush(self._later, (actions.again_at, name))
        self.metrics.looked(name, actions, time.perf_counter() - started)

    async def _look(self, name: str) -> Actions:
        resource, now = self.cluster.deployments.objects[name], time.time()
        view = self._view(name, resource, now)
        actions = reconcile(view, now)
        self._contend(view, actions)
        for executor, replicas in actions.scale.items():
            await self.actuator.scale(executor, replicas)
            log.info("scaled", extra={"executor": executor, "replicas": replicas, "reason": actions.reason})
        if actions.status is not None:
            await self.actuator.status(resource, actions.status)
        for telling in actions.tellings:
            await self.actuator.tell(resource, telling.reason, telling.message, warning=telling.warning)
        return actions

    def _contend(self, view: View, actions: Actions) -> None:
        """Shares the GPUs anew, and has everybody looked at who may have another number now."""
        store = self.cluster.nodes
        current = sum(executor.replicas for executor in view.executors)
        nodes = store.objects.values() if store else ()
        for name in self.contention.need(view.resource.deployment, actions.needed, current, nodes):
            self.changed(name)

    def _view(self, name: str, resource: Any, now: float) -> View:
        read = self._resource(resource)
        demand = None if self.demand is None else self.demand.get(name, NOTHING)
        return View(
            resource=read,
            generation=resource.metadata.generation or 0,
            status=resource.get("status") or {},
            executors=tuple(executor_of(each) for each in self.cluster.executors_of(name)),
            demand=demand,
            troubles=self.cluster.troubles_of(name),
            ledgers=tuple(
                (ledger, rule_of(budget))
                for budget_name in read.budgets
                if (ledger := self.ledgers.get(budget_name)) and (budget := self._budget(budget_name))
            ),
            expected=self._expected(name, read, now),
            limits=self.contention.limits(name),
        )

    def _expected(self, name: str, read: ResourceDeployment, now: float) -> float | None:
        traffic = self.traffic.get(name)
        wanted = read.deployment.scaling.predictive and traffic is not None
        return traffic.expected(now, AHEAD) if wanted and traffic else None

    def _resource(self, resource: Any) -> ResourceDeployment:
        """The deployment of a resource, read once for each of its versions."""
        return self._once(resource, lambda: read_resource(resource))  # type: ignore[no-any-return]

    def _budget(self, name: str) -> ResolvedBudget | None:
        resource = self.cluster.budgets.objects.get(name)
        return (
            None if resource is None else self._once(resource, lambda: read_budget_resource(resource).budget)
        )

    def _once(self, resource: Any, read: Any) -> Any:
        key = f"{resource.kind}/{resource.metadata.name}"
        mark = f"{resource.metadata.uid}/{resource.metadata.generation}"
        known = self._read.get(key)
        if known is None or known[0] != mark:
            known = self._read[key] = (mark, read())
        return known[1]

    def _hear(self, demand: dict[str, Demand]) -> None:
        before, self.demand, now = self.demand, demand, time.time()
        for name, each in demand.items():
            self.traffic.setdefault(name, Traffic()).observe(each.arrivals, now)
            if before is None or before.get(name) != each:
                self.changed(name)
        if before is None:
            self.changed("")

    async def _budgets(self) -> None:
        """Writes what has changed about budgets, and tells it."""
        for name, resource in list(self.cluster.budgets.objects.items()):
            ledger, budget = self.ledgers.get(name), self._budget(name)
            if ledger is None or budget is None or not self.leadership.leads:
                continue
            before = resource.get("status") or {}
            actions = look(budget, ledger, before)
            delivered = actions.message is None or await self.messages.send(*actions.message)
            after = status_after(
                actions, ledger, before, resource.metadata.generation or 0, delivered=delivered
            )
            if after != before:
                await self.actuator.status(resource, after)
                for deployment in ledger.deployments:
                    self.changed(deployment)
            for telling in actions.tellings if delivered else ():
                await self.actuator.tell(resource, telling.reason, telling.message, warning=telling.warning)
