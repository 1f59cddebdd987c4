"""From a request to an admitted run: version, inputs, files, cache key, budgets, one transaction."""

import asyncio
import hashlib
import logging
import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import uuid_utils

from flowscale_runtime.gateway import errors
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.catalog import Deployment, Version
from flowscale_runtime.gateway.sources import Sources, StoredFile, as_given, as_json
from flowscale_runtime.gateway.wire import Options
from flowscale_runtime.stores import submission
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.errors import BudgetExceeded, KeyReused, QueueFull, StoreError
from flowscale_runtime.stores.values import (
    SECOND,
    BudgetTerms,
    CacheTerms,
    Idempotency,
    NewRun,
    Submitted,
)
from flowscale_specs import ResolvedBudget
from flowscale_workflows.binding import coerce
from flowscale_workflows.errors import InputErrors
from flowscale_workflows.interface import Interface

LAST = -100
"""The priority of copies: after all that somebody waits for."""
log = logging.getLogger(__name__)
KEPT_KEYS = 24 * 3600 * SECOND
_SPACE = re.compile(r"\s+")
_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class Wish:
    """A run that somebody wants. `idempotency` is the caller's key; `fresh` asks for no answer of an earlier run;
    `version` is the one that the caller names, else the deployment's weights decide."""

    principal: Principal
    deployment: Deployment
    inputs: Mapping[str, Any]
    options: Options
    idempotency: str | None = None
    batch_id: str | None = None
    retry_of: str | None = None
    copy_of: str | None = None
    traceparent: str | None = None
    fresh: bool = False
    version: str | None = None

    def chosen(self) -> Version:
        """The version that runs. Raises NotFound."""
        if self.copy_of and self.deployment.mirror:
            return self.deployment.mirror.version
        if self.version:
            return self.deployment.named(self.version)
        return self.deployment.choose(self.principal.key_id or self.options.group_id or "")

    def copy(self, run: NewRun, draw: float) -> "Wish | None":
        """The same run for a version that answers nobody, as often as the deployment says; `draw` lies in [0, 1)."""
        mirror = self.deployment.mirror
        if mirror is None or self.copy_of or 100 * draw >= mirror.percent:
            return None
        inputs = {entry["path"]: as_given(entry) for entry in run.inputs}
        options = Options(group_id=run.group_id, tags=run.tags, priority=LAST)
        return Wish(self.principal, self.deployment, inputs, options, copy_of=run.id, fresh=True)


class Admission:
    """Admits runs. `clock` gives microseconds since the epoch, `wake` tells workers."""

    def __init__(
        self,
        database: Database,
        sources: Sources,
        bus: Bus,
        clock: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._database, self._sources, self._bus, self._clock, self._wake = (
            database,
            sources,
            bus,
            clock,
            wake,
        )
        self._copying: set[asyncio.Task[None]] = set()

    async def admit(self, wish: Wish, run_id: str) -> Submitted:
        """Admits a run, or answers with the one that the same idempotency key made. Raises an ApiError."""
        run = await self.prepare(wish, run_id)
        try:
            submitted = await self._database.write(submission.submit, run, self._clock())
        except (QueueFull, BudgetExceeded, KeyReused) as refused:
            raise translated(refused) from refused
        self.announce([submitted])
        if submitted.state == "queued" and not submitted.replayed:
            self._mirror(wish.copy(run, secrets.randbelow(10_000) / 10_000))
        return submitted

    async def admit_all(self, batch: Mapping[str, Any], runs: list[NewRun]) -> list[Submitted]:
        """Admits all runs of a batch, or none. Raises an ApiError."""
        try:
            submitted = await self._database.write(submission.submit_batch, batch, runs, self._clock())
        except (QueueFull, BudgetExceeded, KeyReused) as refused:
            raise translated(refused) from refused
        self.announce(submitted)
        return submitted

    def announce(self, submitted: list[Submitted]) -> None:
        """Tells followers and workers of new runs."""
        for one in submitted:
            self._bus.publish(one.events)
        self._wake()

    async def prepare(self, wish: Wish, run_id: str) -> NewRun:
        """Everything about a run that can be known before the transaction. Raises an ApiError."""
        deployment, principal, options = wish.deployment, wish.principal, wish.options
        version = wish.chosen()
        limits, now = deployment.spec.limits, self._clock()
        inputs = await self._inputs(version.interface, wish.inputs, limits.body, deployment.project)
        suffix = new_suffix()
        gpu = deployment.spec.gpu
        return NewRun(
            id=run_id,
            project=deployment.project,
            team=deployment.team,
            deployment=deployment.name,
            workflow=deployment.spec.workflow,
            version=version.version,
            release=version.digest,
            environment=version.environment.name,
            inputs=inputs,
            output_names=output_names(version.interface, suffix),
            suffix=suffix,
            timeout=limits.timeout,
            memory=limits.memory,
            concurrency=limits.concurrency,
            queue_limit=limits.queue,
            tries=limits.attempts,
            gpu=gpu.name,
            price=gpu.price,
            key_id=principal.key_id,
            group_id=options.group_id,
            batch_id=wish.batch_id,
            retry_of=wish.retry_of,
            copy_of=wish.copy_of,
            traceparent=wish.traceparent,
            tags=options.tags,
            priority=options.priority,
            webhooks=() if wish.copy_of else webhooks(deployment, options.webhook),
            expires_at=now + int(options.ttl * SECOND) if options.ttl else None,
            cache=None if wish.fresh else cache_terms(deployment, version, inputs, now),
            idempotency=self._idempotency(wish, inputs, now),
            budgets=tuple(
                terms(budget, deployment.project, now)
                for budget in deployment.counted(principal.key_id, principal.name)
            ),
        )

    def _mirror(self, copy: Wish | None) -> None:
        """Admits a copy while its original is answered."""
        if copy is None:
            return
        task = asyncio.create_task(self._copied(copy))
        self._copying.add(task)
        task.add_done_callback(self._copying.discard)

    async def _copied(self, copy: Wish) -> None:
        try:
            await self.admit(copy, new_run_id())
        except (errors.ApiError, StoreError) as error:
            log.info("no copy of run %s: %s", copy.copy_of, error)

    async def _inputs(
        self, interface: Interface, raw: Mapping[str, Any], limit: int, project: str
    ) -> list[dict[str, Any]]:
        try:
            values = coerce(interface, raw)
        except InputErrors as wrong:
            first, items = wrong.items[0], [item.to_json() for item in wrong.items]
            details = {key: value for key, value in first.to_json().items() if key != "message"}
            raise errors.InvalidInputs(str(wrong), **details, errors=items) from wrong
        stored = []
        for name, value in values.items():
            item = interface.input(name)
            entry: dict[str, Any] = {"path": name, "value": value}
            if item.is_file:
                given = value if isinstance(value, list) else [value]
                store = self._sources.store
                files = await asyncio.gather(*(store(item, one, limit, project) for one in given))
                entry = {"path": name, **_as_files(files, several=isinstance(value, list))}
            stored.append(entry)
        return stored

    def _idempotency(self, wish: Wish, inputs: list[dict[str, Any]], now: int) -> Idempotency | None:
        window = wish.deployment.spec.limits.idempotency_window
        body = digest([wish.deployment.name, content(inputs), wish.options.group_id])
        if wish.idempotency:
            return Idempotency(wish.idempotency, body, now + KEPT_KEYS)
        if window and not (wish.batch_id or wish.retry_of or wish.copy_of):
            return Idempotency(f"same:{body}", body, now + int(window * SECOND))
        return None


def translated(refused: QueueFull | BudgetExceeded | KeyReused) -> errors.ApiError:
    """A store's refusal as the API's."""
    if isinstance(refused, QueueFull):
        return errors.QueueFull("The deployment's queue is full.", retry_after=5, limit=refused.limit)
    if isinstance(refused, BudgetExceeded):
        left, needed = refused.left / 1e6, refused.needed / 1e6
        return errors.BudgetExceeded(
            f"The budget {refused.budget!r} can't hold this run: ${left:.4f} are left, and it could cost ${needed:.4f}.",
            budget=refused.budget,
            limit=refused.limit / 1e6,
            left=left,
            needed=needed,
        )
    return errors.IdempotencyKeyReused("This idempotency key came before with another request.")


def new_run_id() -> str:
    """A new run's id: a UUID whose order is the order in time."""
    return str(uuid_utils.uuid7())


def new_suffix() -> str:
    """Ten random letters and digits that end the names of a run's outputs."""
    number = secrets.randbelow(len(_LETTERS) ** 10)
    letters = []
    for _ in range(10):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def output_names(interface: Interface, suffix: str) -> dict[str, str]:
    """The names of a run's outputs by node: `filename_prefix_<number>_<letters and digits>`."""
    return {output.node_id: f"{output.name}_{suffix}" for output in interface.outputs}


def webhooks(deployment: Deployment, url: str | None) -> tuple[dict[str, Any], ...]:
    """Who is told about a run: the deployment's endpoints, and the one that the caller named."""
    declared = [
        {"url": hook.url, "events": list(hook.events), "secret": hook.secret}
        for hook in deployment.spec.webhooks
    ]
    mine = [{"url": url, "events": ["run.completed", "run.failed", "run.cancelled"]}] if url else []
    return (*declared, *mine)


def cache_terms(
    deployment: Deployment, version: Version, inputs: list[dict[str, Any]], now: int
) -> CacheTerms | None:
    """Under which key an answer may be taken from an earlier run; None where it may not."""
    cache = deployment.spec.cache
    if not cache.enabled or not version.repeatable:
        return None
    fuzzy = {version.interface.input(name).name for name in cache.fuzzy if name in version.interface.by_name}
    values = [[path, normalised(value) if path in fuzzy else value] for path, value in content(inputs)]
    since = now - int(cache.ttl * SECOND) if cache.ttl is not None else 0
    return CacheTerms(digest([deployment.project, version.digest, values]), since)


def content(inputs: list[dict[str, Any]]) -> list[list[Any]]:
    """Inputs by what they are: files by their bytes."""
    return sorted(
        [entry["path"], [file["object"] for file in entry["files"]] if "files" in entry else entry["value"]]
        for entry in inputs
    )


def normalised(value: Any) -> Any:
    """A text as fuzzy matching sees it: without case, white space folded."""
    return _SPACE.sub(" ", value).strip().casefold() if isinstance(value, str) else value


def digest(value: Any) -> str:
    """The sha256 of a JSON value."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def terms(budget: ResolvedBudget, project: str, now: int) -> BudgetTerms:
    """A budget as it stands at a moment."""
    period = period_start(budget.period, now)
    return BudgetTerms(budget.name, budget.owner, project, period, budget.limit, alerts(budget))


def alerts(budget: ResolvedBudget) -> tuple[int, ...]:
    """The parts of the limit, in per cent, at which somebody is told; the soft limit is one of them."""
    soft = [] if budget.soft is None or not budget.limit else [-(-100 * budget.soft // budget.limit)]
    return tuple(sorted({*budget.alerts, *soft}))


def period_start(period: str, now: int) -> int:
    """When the period of a moment began, in UTC; both in microseconds."""
    midnight = datetime.fromtimestamp(now / SECOND, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = {
        "day": midnight,
        "week": midnight - timedelta(days=midnight.weekday()),
        "month": midnight.replace(day=1),
        "year": midnight.replace(day=1, month=1),
    }.get(period)
    return int(start.timestamp()) * SECOND if start else 0


def _as_files(files: list[StoredFile], *, several: bool) -> dict[str, Any]:
    names = [file.filename for file in files]
    return {"value": names if several else names[0], "files": [as_json(file) for file in files]}
