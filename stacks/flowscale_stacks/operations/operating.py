"""The operations themselves: up, preview, drift, refresh, destroy, rollback, history."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pulumi.automation import ConfigValue

from flowscale_stacks.operations import bundles, recovery
from flowscale_stacks.operations.changes import unique
from flowscale_stacks.operations.definitions import staying
from flowscale_stacks.operations.history import RECORD, done, entries, last_record
from flowscale_stacks.operations.outcomes import Outcome
from flowscale_stacks.operations.places import Choice, place_of
from flowscale_stacks.operations.preflight import preflight
from flowscale_stacks.operations.rollbacks import rolled_back
from flowscale_stacks.operations.stacks import Watcher, opened, translated, unlocking
from flowscale_stacks.program.running import deploy
from flowscale_stacks.reading.folders import read_specs
from flowscale_stacks.reading.server import Cluster
from flowscale_stacks.reading.wanting import wanted_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi.automation import Stack

    from flowscale_stacks.operations.changes import Step
    from flowscale_stacks.operations.history import Entry
    from flowscale_stacks.operations.places import Place
    from flowscale_stacks.reading.folders import Source, Specs
    from flowscale_stacks.reading.records import Hold
    from flowscale_stacks.reading.wanting import Wanted

MESSAGE = "flowscale"
_NEWEST = 50
"""Updates that are looked through for the last one that worked out, where all would take long."""


def silent(step: Step) -> None:
    """Tells nobody."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """One target of one folder of specs, and who is told of progress. The folder is read once: what was shown is done."""

    source: Source
    choice: Choice = field(default_factory=Choice)
    unlock: bool = False
    """Break a lock, whoever holds it."""
    tell: Callable[[Step], None] = silent

    @cached_property
    def specs(self) -> Specs:
        """What the folder says. Raises SpecErrors and UnknownTarget."""
        return read_specs(self.source)

    @cached_property
    def place(self) -> Place:
        """Where the stack is."""
        folder = self.source.folder.resolve()
        return place_of(self.specs.project, self.source.target, folder, self.choice, os.environ)

    def preview(self) -> Outcome:
        """What `up` would do."""
        stack = self._opened(create=True)
        wanted = self._wanted(stack)
        self._preflight(wanted)
        return self._watched(
            stack,
            lambda watcher: stack.preview(program=_program(wanted), on_event=watcher, color="never"),
        )

    def up(self, message: str = MESSAGE, *, refresh: bool = False) -> Outcome:
        """Makes the cluster what the specs say; with `refresh` also where others changed it."""
        stack = self._opened(create=True)
        return self._update(stack, self._wanted(stack), message, refresh=refresh)

    def drift(self) -> Outcome:
        """What differs in the cluster from what the last update made."""
        stack = self._reached()
        return self._watched(
            stack, lambda watcher: stack.preview_refresh(on_event=watcher, color="never"), stage="done"
        )

    def refresh(self) -> Outcome:
        """Makes the state say what is in the cluster; what an update that died had begun is settled."""
        stack = self._reached()
        recovered = self._recovered(stack)
        outcome = self._watched(
            stack, lambda watcher: stack.refresh(on_event=watcher, color="never"), stage="done"
        )
        return replace(outcome, recovered=recovered)

    def destroy(self) -> Outcome:
        """Removes everything, also what is protected, and the stack; definitions stay while others use them."""
        stack = self._reached()
        recovered = self._recovered(stack)
        with translated():
            unlocking(stack, lambda: self._unprotect(stack), force=self.unlock)
        outcome = self._watched(stack, lambda watcher: stack.destroy(on_event=watcher, color="never"))
        with translated():
            stack.workspace.remove_stack(stack.name)
        return replace(outcome, recovered=recovered)

    def rollback(self, names: Sequence[str] = (), digest: str | None = None) -> Outcome:
        """Serves what deployments served before; it stands until git names other releases. Raises Nowhere."""
        stack = self._opened()
        asked = wanted_of(self.specs).asked
        holds = rolled_back(done(self._entries(stack)), asked, names, digest)
        return self._update(stack, wanted_of(self.specs, holds), f"{MESSAGE} rollback")

    def history(self) -> list[Entry]:
        """What was done to the stack, newest first."""
        return self._entries(self._opened())

    def holds(self) -> Mapping[str, Hold]:
        """The rollbacks that the last update left standing."""
        record = last_record(self._entries(self._opened(), _NEWEST))
        return record.holds if record else {}

    def _update(self, stack: Stack, wanted: Wanted, message: str, *, refresh: bool = False) -> Outcome:
        self._preflight(wanted)
        sent = self._upload(wanted)
        recovered = self._recovered(stack)
        stack.set_config(RECORD, ConfigValue(json.dumps(wanted.record.to_json(), separators=(",", ":"))))
        outcome = self._watched(
            stack,
            lambda watcher: stack.up(
                program=_program(wanted),
                on_event=watcher,
                message=message,
                refresh=refresh,
                color="never",
            ),
        )
        with translated():
            outputs = {name: output.value for name, output in stack.outputs().items() if not output.secret}
        return replace(outcome, outputs=outputs, uploaded=sent, recovered=recovered)

    def _opened(self, *, create: bool = False) -> Stack:
        return opened(self.place, _nothing, create=create)

    def _reached(self) -> Stack:
        """The stack, once the cluster answered: an engine that can't ask it would take its objects for gone."""
        stack = self._opened()
        with self._cluster() as cluster:
            cluster.get("/version")
        return stack

    def _wanted(self, stack: Stack) -> Wanted:
        """What the specs want, with the rollbacks that still stand."""
        record = last_record(self._entries(stack, _NEWEST))
        return wanted_of(self.specs, record.holds if record else {})

    def _entries(self, stack: Stack, count: int | None = None) -> list[Entry]:
        with translated():
            return entries(stack.history(page_size=count, show_secrets=False))

    def _cluster(self) -> Cluster:
        return Cluster(self.specs.cluster)

    def _preflight(self, wanted: Wanted) -> None:
        with self._cluster() as cluster:
            preflight(cluster, wanted.objects)

    def _upload(self, wanted: Wanted) -> tuple[str, ...]:
        target = wanted.specs.project.target
        address = bundles.address(target.objects if target else "bundled", os.environ)
        if address is None:
            return ()
        used = {name: dict(served.releases) for name, served in wanted.record.served.items()}
        return bundles.upload(used, self.source.folder, bundles.UrlStore(address))

    def _recovered(self, stack: Stack) -> tuple[str, ...]:
        def work() -> tuple[str, ...]:
            return recovery.recover(stack, stack.export_stack())

        with translated():
            return tuple(unlocking(stack, work, force=self.unlock))

    def _unprotect(self, stack: Stack) -> None:
        state = stack.export_stack()
        with self._cluster() as cluster:
            keep = staying(cluster, recovery.objects(state))
        stack.import_stack(recovery.unprotected(state, keep))

    def _watched(self, stack: Stack, work: Callable[[Watcher], Any], stage: str = "begun") -> Outcome:
        watcher = Watcher(self.tell, stage)
        with translated(watcher):
            unlocking(stack, lambda: work(watcher), force=self.unlock)
        return Outcome(stack.name, unique(watcher.changes))


def _nothing() -> None:
    """The program of operations that run none."""


def _program(wanted: Wanted) -> Callable[[], None]:
    """What the engine runs."""

    def run() -> None:
        deploy(wanted)

    return run
