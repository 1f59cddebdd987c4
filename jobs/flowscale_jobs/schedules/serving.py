"""The schedules of a folder on one machine: a loop beside the server that fires them.

What it begins is kept until it ended, so that a server that dies goes on with it: nothing is started twice, because the
id of a start is made of its schedule and its moment, or its row.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flowscale_jobs.errors import JobError
from flowscale_jobs.expressions import fill
from flowscale_jobs.pipelines.doing import Setting
from flowscale_jobs.places import Place
from flowscale_jobs.schedules import starting
from flowscale_jobs.schedules.changes import Watermark, key
from flowscale_jobs.schedules.looking import look
from flowscale_jobs.schedules.starts import Start, decide, moments
from flowscale_specs import ResolvedProject, SpecErrors, load, resolve
from flowscale_specs.kinds.schedule import Schedule

log = logging.getLogger(__name__)
TICK = 1.0
FILE = "state.json"


@dataclass
class Schedules:
    """Fires the schedules of a folder. `reach` gives the server's address and key once it serves, `now` the time."""

    folder: Path
    environment: str | None
    data: Path
    reach: Callable[[], tuple[str, str] | None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _project: ResolvedProject | None = None
    _signature: tuple[tuple[str, int], ...] = ()
    _running: dict[str, dict[str, "asyncio.Task[None]"]] = field(default_factory=dict)
    _state: dict[str, Any] = field(default_factory=dict)
    _looked: dict[str, datetime] = field(default_factory=dict)

    async def run(self) -> None:
        """Fires until it is cancelled."""
        self._state = await asyncio.to_thread(self._place.read_json, FILE) or {
            "last": {},
            "marks": {},
            "begun": {},
        }
        while (reached := self.reach()) is None:
            await asyncio.sleep(TICK)
        resumed = False
        while True:
            project = await asyncio.to_thread(self._specs)
            if project is not None:
                setting = Setting(project, *reached, self.folder)
                if not resumed:
                    await self._resume(setting)
                    resumed = True
                for schedule in project.schedules:
                    if not schedule.spec.suspended:
                        await self._fire(setting, schedule, self.now())
            await asyncio.sleep(TICK)

    async def _fire(self, setting: Setting, schedule: Schedule, now: datetime) -> None:
        if schedule.spec.cron is not None:
            await self._by_time(setting, schedule, now)
        if schedule.spec.change is not None:
            last = self._looked.get(schedule.name)
            if last is None or (now - last).total_seconds() >= schedule.spec.change.every:
                self._looked[schedule.name] = now
                await self._by_change(setting, schedule)

    async def _by_time(self, setting: Setting, schedule: Schedule, now: datetime) -> None:
        spec, name = schedule.spec, schedule.name
        if spec.cron is None:
            return
        new = name not in self._state["last"]
        last = datetime.fromisoformat(self._state["last"].get(name, now.isoformat()))
        due = list(moments(spec.cron, spec.time_zone, last, now))
        running = list(self._running.get(name, ()))
        decision = decide(due, now, timedelta(seconds=float(spec.deadline)), spec.concurrency, running)
        self._state["last"][name] = now.isoformat()
        if isinstance(decision, Start):
            for id_ in decision.replaces:
                self._running[name][id_].cancel()
                await self._ended(id_)
            moment = decision.at.astimezone(UTC)
            id_ = f"{name}-{moment:%Y%m%dt%H%M%S}".lower()
            await self._begin(setting, schedule, id_, {"time": moment.isoformat()})
        elif decision is not None:
            log.warning("schedule %s passes over %s: %s", name, decision.at, decision.reason)
        if due or new:
            await self._save()

    async def _by_change(self, setting: Setting, schedule: Schedule) -> None:
        change, name = schedule.spec.change, schedule.name
        if change is None:
            return
        mark = Watermark.from_json(self._state["marks"].get(name))
        try:
            rows, after = await asyncio.to_thread(look, change, mark)
        except JobError as error:
            log.warning("schedule %s: %s", name, error)
            return
        for row in rows:
            await self._begin(setting, schedule, f"{name}-{key(row)}".lower(), {"row": row})
        if rows:
            self._state["marks"][name] = after.to_json()
            await self._save()

    async def _begin(self, setting: Setting, schedule: Schedule, id_: str, known: dict[str, Any]) -> None:
        """Starts something and remembers it until it ended."""
        if id_ in self._state["begun"]:
            return
        try:
            inputs = fill(dict(schedule.spec.inputs), known)
        except JobError as error:
            log.warning("schedule %s: %s", schedule.name, error)
            return
        self._state["begun"][id_] = {"schedule": schedule.name, "inputs": inputs}
        await self._save()
        self._watch(setting, schedule, id_, inputs)

    def _watch(self, setting: Setting, schedule: Schedule, id_: str, inputs: dict[str, Any]) -> None:
        task = asyncio.create_task(self._through(setting, schedule, id_, inputs))
        self._running.setdefault(schedule.name, {})[id_] = task

    async def _through(self, setting: Setting, schedule: Schedule, id_: str, inputs: dict[str, Any]) -> None:
        log.info("schedule %s starts %s", schedule.name, id_)
        try:
            state = await starting.start(setting, self.data, schedule.spec.run, id_, inputs)
            log.info("%s %s", id_, state)
        except JobError as error:
            log.warning("%s failed: %s", id_, error)
        finally:
            self._running[schedule.name].pop(id_, None)
        await self._ended(id_)

    async def _ended(self, id_: str) -> None:
        self._state["begun"].pop(id_, None)
        await self._save()

    async def _resume(self, setting: Setting) -> None:
        """Goes on with what an earlier process began."""
        known = {schedule.name: schedule for schedule in setting.project.schedules}
        for id_, begun in list(self._state["begun"].items()):
            if schedule := known.get(begun["schedule"]):
                self._watch(setting, schedule, id_, begun["inputs"])
            else:
                del self._state["begun"][id_]

    def _specs(self) -> ResolvedProject | None:
        """The project, read anew when a file changed; None while the specs are wrong."""
        paths = sorted((*self.folder.rglob("*.yaml"), *self.folder.rglob("*.yml")))
        signature = tuple((str(path), path.stat().st_mtime_ns) for path in paths)
        if signature != self._signature:
            self._signature = signature
            try:
                self._project = resolve(load(self.folder), self.environment)
            except SpecErrors:  # the server tells of them
                self._project = None
        return self._project

    @property
    def _place(self) -> Place:
        return Place.at(self.data / "schedules")

    async def _save(self) -> None:
        await asyncio.to_thread(self._place.write_json, FILE, self._state)
