"""The operations themselves: up, preview, drift, refresh, destroy, rollback, history."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi.automation import ConfigValue

from flowscale_stacks.operations import bundles, recovery
from flowscale_stacks.operations.changes import unique
from flowscale_stacks.operations.cluster import Cluster
from flowscale_stacks.operations.errors import Nowhere
from flowscale_stacks.operations.history import RECORD, done, entries, last_record
from flowscale_stacks.operations.places import Choice, place_of
from flowscale_stacks.operations.preflight import preflight, used_elsewhere
from flowscale_stacks.operations.stacks import Watcher, opened, translated, unlocking
from flowscale_stacks.program.reading import read, specs
from flowscale_stacks.program.records import Hold, earlier
from flowscale_stacks.program.running import deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulumi.automation import Stack

    from flowscale_stacks.operations.changes import Change, Step
    from flowscale_stacks.operations.history import Entry
    from flowscale_stacks.operations.places import Place
    from flowscale_stacks.program.reading import Source, Wanted

MESSAGE = "flowscale"
_NEWEST = 50
"""Updates that are looked through for the last one that worked out, where all would take long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an operation ended."""

    stack: str
    changes: tuple[Change, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    uploaded: tuple[str, ...] = ()
    """Digests of bundles that the object store didn't have."""
    recovered: tuple[str, ...] = ()
    """What an update that died had begun."""

    def to_json(self) -> dict[str, Any]:
        return {
            "stack": self.stack,
            "changes": [change.to_json() for change in self.changes],
            "outputs": dict(self.outputs),
            "uploaded": list(self.uploaded),
            "recovered": list(self.recovered),
        }


def silent(step: Step) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One target of one folder of specs, and who is told of progress."""

    source: Source
    choice: Choice = field(default_factory=Choice)
    unlock: bool = False
    """Break a lock, whoever holds it."""
    tell: Callable[[Step], None] = silent

    @property
    def place(self) -> Place:
        """Where the stack is."""
        project, _ = specs(self.source)
        return place_of(project, self.source.target, self.source.folder.resolve(), self.choice, os.environ)

    def preview(self) -> Outcome:
        """What `up` would do."""
        stack = opened(self.place, _nothing)
        wanted = self._wanted(stack)
        self._preflight(wanted)
        return self._watched(
            stack,
            lambda watcher: stack.preview(program=_program(wanted), on_event=watcher, color="never"),
        )

    def up(self, message: str = MESSAGE, *, refresh: bool = False) -> Outcome:
        """Makes the cluster what the specs say; with `refresh` also where others changed it."""
        stack = opened(self.place, _nothing)
        return self._update(stack, self._wanted(stack), message, refresh=refresh)

    def drift(self) -> Outcome:
        """What differs in the cluster from what the last update made."""
        stack = opened(self.place, _nothing, create=False)
        self._reach()
        return self._watched(
            stack, lambda watcher: stack.preview_refresh(on_event=watcher, color="never"), stage="done"
        )

    def refresh(self) -> Outcome:
        """Makes the state say what is in the cluster; what an update that died had begun is settled."""
        stack = opened(self.place, _nothing, create=False)
        self._reach()
        recovered = self._recovered(stack)
        outcome = self._watched(
            stack, lambda watcher: stack.refresh(on_event=watcher, color="never"), stage="done"
        )
        return Outcome(outcome.stack, outcome.changes, recovered=recovered)

    def destroy(self) -> Outcome:
        """Removes everything, also what is protected, and the stack; definitions stay while others use them."""
        stack = opened(self.place, _nothing, create=False)
        self._reach()
        recovered = self._recovered(stack)
        with translated():
            unlocking(stack, lambda: self._unprotect(stack), force=self.unlock)
        outcome = self._watched(stack, lambda watcher: stack.destroy(on_event=watcher, color="never"))
        with translated():
            stack.workspace.remove_stack(stack.name)
        return Outcome(outcome.stack, outcome.changes, recovered=recovered)

    def rollback(self, names: Sequence[str] = (), digest: str | None = None) -> Outcome:
        """Serves what deployments served before; it stands until git names other releases. Raises Nowhere."""
        stack = opened(self.place, _nothing, create=False)
        updates = self._entries(stack)
        before = last_record(updates)
        standing = dict(before.holds) if before else {}
        plain = read(self.source)
        for name in names or plain.asked:
            if name not in plain.asked:
                raise Nowhere(f"there is no deployment {name}: there are {', '.join(sorted(plain.asked))}")
            now = before.served.get(name, plain.asked[name]) if before else plain.asked[name]
            found = earlier(done(updates), name, now, digest)
            if found is not None:
                standing[name] = Hold(plain.asked[name], found)
            elif names or digest:
                raise Nowhere(_nowhere(name, digest))
        if not before or standing == dict(before.holds):
            raise Nowhere(_nowhere(", ".join(sorted(plain.asked)), digest))
        return self._update(stack, read(self.source, standing), f"{MESSAGE} rollback")

    def history(self) -> list[Entry]:
        """What was done to the stack, newest first."""
        return self._entries(opened(self.place, _nothing, create=False))

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
        return Outcome(stack.name, outcome.changes, outputs, sent, recovered)

    def _wanted(self, stack: Stack) -> Wanted:
        """What the specs want, with the rollbacks that still stand."""
        record = last_record(self._entries(stack, _NEWEST))
        return read(self.source, record.holds if record else {})

    def _entries(self, stack: Stack, count: int | None = None) -> list[Entry]:
        with translated():
            return entries(stack.history(page_size=count, show_secrets=False))

    def _preflight(self, wanted: Wanted) -> None:
        with Cluster(_context(wanted)) as cluster:
            preflight(cluster, wanted.objects)

    def _reach(self) -> None:
        """Raises where the cluster doesn't answer, before the engine takes its objects for gone."""
        project, _ = specs(self.source)
        with Cluster(project.target.cluster if project.target else None) as cluster:
            cluster.get("/version")

    def _upload(self, wanted: Wanted) -> tuple[str, ...]:
        target = wanted.project.target
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
        keep = self._definitions_of_others()
        stack.import_stack(recovery.unprotected(stack.export_stack(), keep))

    def _definitions_of_others(self) -> tuple[str, ...]:
        """Definitions that have resources in namespaces other than this target's."""
        wanted = read(self.source)
        own = wanted.project.target.namespace if wanted.project.target else None
        with Cluster(_context(wanted)) as cluster:
            return used_elsewhere(cluster, wanted.objects, own)

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


def _context(wanted: Wanted) -> str | None:
    return wanted.project.target.cluster if wanted.project.target else None


def _nowhere(name: str, digest: str | None) -> str:
    what = f"a release {digest}" if digest else "anything else"
    return f"{name} never served {what} before: see `flowscale history`"
