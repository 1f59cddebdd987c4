"""A promotion from its first check to its end: stage by stage, step by step, each written down; back on any failure."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from flowscale_jobs import approvals
from flowscale_jobs.errors import PromotionFailed
from flowscale_jobs.places import Place
from flowscale_jobs.promotions import canary, records, scanning, testing
from flowscale_jobs.promotions.git import Repository
from flowscale_jobs.promotions.records import Entry, Record, Releases
from flowscale_jobs.promotions.steps import steps_of
from flowscale_jobs.promotions.testing import Server
from flowscale_jobs.promotions.writing import rewritten
from flowscale_specs import ResolvedProject, SpecErrors, load, resolve
from flowscale_specs.kinds.promotion import Promotion, Stage
from flowscale_specs.releases import LOCK_NAME, read_lock


@dataclass
class Promoter:
    """Promotes by one Promotion of a folder. `tell` hears each entry; `branch` is where commits go, if not here."""

    folder: Path
    promotion: Promotion
    place: Place
    servers: Mapping[str, Server]
    clock: Callable[[], float]
    tell: Callable[[Entry], None]
    branch: str | None = None

    async def go_on(self, record: Record) -> Record:
        """Does all steps that can be done now; the record's state says how it stands: running means it waits."""
        for stage in self.promotion.spec.stages:
            for step in steps_of(stage):
                if record.passed(stage.environment, step):
                    continue
                record = await self.do(record, stage, step)
                if record.state != "running" or record.entries[-1].state == "waiting":
                    return record
        return self._kept(replace(record, state="completed"))

    async def do(self, record: Record, stage: Stage, step: str) -> Record:
        """One step; its failure brings back what the stage had."""
        try:
            record, state, detail = await self._step(record, stage, step)
        except PromotionFailed as failure:
            record = self._noted(record, stage, step, "failed", str(failure))
            return self._kept(replace(self._back(record), state="failed"))
        return self._kept(self._noted(record, stage, step, state, detail))

    async def _step(self, record: Record, stage: Stage, step: str) -> tuple[Record, str, str]:
        project = self._project(stage.environment)
        match step:
            case "check":
                return record, "passed", f"the specs hold in {stage.environment}"
            case "security":
                found = await asyncio.to_thread(scanning.findings, self.folder)
                if found:
                    raise PromotionFailed("; ".join(found[:10]))
                return record, "passed", "no dangerous models or packs"
            case "approval":
                return record, *self._approval(record, stage)
            case "deploy":
                return self._deploy(record, stage, project)
            case _:
                details = [detail async for detail in self._tests(record, stage, step, project)]
                return record, "passed", "; ".join(details)

    def _approval(self, record: Record, stage: Stage) -> tuple[str, str]:
        """Asks, or looks at what was said; with several groups all of them must agree."""
        waiting = []
        for number, asked in enumerate(stage.approvals):
            name = f"{stage.environment}-{number}"
            request = approvals.load(self.place, name)
            if request is None:
                message = f"May {self.promotion.name} go on to {stage.environment}?"
                request = approvals.Request(
                    f"{record.id}/{name}", message, asked.by, asked.required, self.clock(),
                    float(asked.timeout), asked.criteria,
                )  # fmt: skip
                approvals.save(self.place, name, request)
            state = request.state(self.clock())
            if state in ("rejected", "timed_out"):
                who = ", ".join(one.by for one in request.decisions if not one.approved)
                raise PromotionFailed(f"rejected by {who}" if who else "nobody agreed in time")
            if state == "waiting":
                waiting.append(", ".join(asked.by))
        return ("waiting", f"for {'; '.join(waiting)}") if waiting else ("passed", "approved")

    def _deploy(self, record: Record, stage: Stage, project: ResolvedProject) -> tuple[Record, str, str]:
        wanted = self._wanted(record, stage, project)
        before = {name: dict(of) for name, of in (project.target.releases if project.target else {}).items()}
        merged = {name: {**before.get(name, {}), **wanted.get(name, {})} for name in (*before, *wanted)}
        where = self._write(
            stage.environment, merged, f"Promote {self.promotion.name} to {stage.environment}"
        )
        moved, kept = (
            {**record.moved, stage.environment: wanted},
            {**record.before, stage.environment: before},
        )
        return replace(record, moved=moved, before=kept), "passed", where

    def _wanted(self, record: Record, stage: Stage, project: ResolvedProject) -> dict[str, dict[str, str]]:
        """The releases that the stage gets: those of the stage before, the first those of flowscale.lock."""
        stages = [one.environment for one in self.promotion.spec.stages]
        place = stages.index(stage.environment)
        sources = stage.after or (stages[place - 1],) if place else ()
        known: Releases = read_lock(self.folder / LOCK_NAME).releases
        for source in sources:
            if source not in record.moved:
                raise PromotionFailed(f"{source} doesn't have it yet")
            known = {**known, **record.moved[source]}
        found: dict[str, dict[str, str]] = {}
        for workflow, version in self._versions(project):
            digest = known.get(workflow, {}).get(version)
            if digest is None:
                raise PromotionFailed(f"version {version} of {workflow} has no release: run flowscale pin")
            found.setdefault(workflow, {})[version] = digest
        return found

    def _versions(self, project: ResolvedProject) -> Iterator[tuple[str, str]]:
        for name, deployment in project.deployments.items():
            if not self.promotion.spec.deployments or name in self.promotion.spec.deployments:
                yield from ((deployment.workflow, version) for version, _ in deployment.traffic)

    async def _tests(
        self, record: Record, stage: Stage, step: str, project: ResolvedProject
    ) -> AsyncIterator[str]:
        moved, before = record.moved[stage.environment], record.before[stage.environment]
        server = self.servers.get(stage.environment)
        if step == "extra":
            for check in stage.tests:
                if check.kind in ("integration", "command", "webhook"):
                    yield await testing.other(check, self.folder, server)
            return
        for name, deployment in project.deployments.items():
            version = deployment.traffic[0][0]
            digest = moved.get(deployment.workflow, {}).get(version)
            if digest is None:
                continue
            if step == "canary":
                longest = len(stage.canary.steps) * float(stage.canary.interval) * 10 if stage.canary else 0.0
                yield await canary.follow(name, self._namespace(project), digest, longest, self.clock)
            elif server is None:
                raise PromotionFailed(
                    f"{step} needs the server of {stage.environment}: --server {stage.environment}=URL"
                )
            elif step == "golden":
                yield await testing.golden(
                    server, deployment, project.workflows[deployment.workflow], digest, record.id
                )
            else:
                old = next(iter(before.get(deployment.workflow, {}).values()), None)
                tolerance = next(float(one.tolerance) for one in stage.tests if one.kind == "performance")
                yield await testing.performance(server, name, digest, old, tolerance)

    def _back(self, record: Record) -> Record:
        """Gives the newest stage that was touched what it had, where its rollback is automatic."""
        stage = next(
            (one for one in reversed(self.promotion.spec.stages) if one.environment in record.moved), None
        )
        if stage is None or not stage.rollback.automatic or record.passed(stage.environment, "rollback"):
            return record
        if self._settled(record, stage):
            return record
        where = self._write(
            stage.environment, record.before[stage.environment], f"Roll {stage.environment} back"
        )
        return self._noted(record, stage, "rollback", "passed", where)

    def _settled(self, record: Record, stage: Stage) -> bool:
        """Whether a stage passed all its steps: what fails later is another stage's."""
        return all(record.passed(stage.environment, step) for step in steps_of(stage))

    def _write(self, environment: str, releases: Releases, message: str) -> str:
        """Writes an environment's releases into its file, and the file into git where the folder is in a repository."""
        repository = Repository(self.folder)
        versioned = repository.is_one()
        if versioned and self.branch is not None:
            repository.branch(self.branch)
        for path in sorted((*self.folder.rglob("*.yaml"), *self.folder.rglob("*.yml"))):
            try:
                text = rewritten(path.read_text(), environment, releases)
            except (
                yaml.YAMLError,
                UnicodeDecodeError,
            ):  # no spec of ours: loading them told of what is wrong
                continue
            if text is not None:
                path.write_text(text)
                commit = repository.commit(path, message) if versioned else None
                if commit and self.branch is not None:
                    repository.push(self.branch)
                return f"{path.relative_to(self.folder)}{f' in commit {commit[:12]}' if commit else ''}"
        raise PromotionFailed(f"no file declares the environment {environment}")

    def _project(self, environment: str) -> ResolvedProject:
        try:
            return resolve(load(self.folder), environment)
        except SpecErrors as errors:
            raise PromotionFailed("; ".join(map(str, errors.errors[:5]))) from errors

    def _namespace(self, project: ResolvedProject) -> str:
        return project.target.namespace if project.target else "default"

    def _noted(self, record: Record, stage: Stage, step: str, state: str, detail: str) -> Record:
        entry = Entry(stage.environment, step, state, self.clock(), detail)
        self.tell(entry)
        return record.noted(entry)

    def _kept(self, record: Record) -> Record:
        records.save(self.place, record)
        return record
