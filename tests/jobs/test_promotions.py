"""Promotions of a folder in git: what moves, what is asked, what goes back, and what the history says."""

import subprocess
from pathlib import Path

import pytest

from flowscale_jobs import approvals
from flowscale_jobs.approvals import Decision
from flowscale_jobs.places import Place
from flowscale_jobs.promotions import records
from flowscale_jobs.promotions.doing import Promoter
from flowscale_jobs.promotions.records import Record
from flowscale_specs import load, resolve

DIGEST = f"sha256:{'a' * 64}"
SPECS = """
kind: Workflow
metadata: {name: portrait}
spec: {version: 2.0.0}
---
kind: WorkflowDeployment
metadata: {name: portrait}
---
kind: Environment
metadata: {name: staging}
---
kind: Environment
metadata: {name: production} # careful
spec:
  logging: warning
---
kind: Promotion
metadata: {name: release}
spec:
  stages:
    - environment: staging
      tests: [{kind: command, command: ["test", "-e", "good"]}]
    - environment: production
      approvals: [{by: [lead, ops], required: 2, timeout: 1h}]
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / "flowscale.yaml").write_text(SPECS)
    (folder / "workflow.json").write_text("{}")
    (folder / "flowscale.lock").write_text(f"releases:\n  portrait:\n    2.0.0: {DIGEST}\n")
    (folder / "good").touch()
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "Begin"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def promoter(folder: Path, tmp_path: Path, clock: Clock) -> Promoter:
    (promotion,) = resolve(load(folder)).promotions
    return Promoter(folder, promotion, Place.at(tmp_path / "state"), {}, clock, lambda _: None)


def released(folder: Path, environment: str) -> object:
    target = resolve(load(folder), environment).target
    return target and {name: dict(of) for name, of in target.releases.items()}


def history(folder: Path) -> list[str]:
    done = subprocess.run(
        ["git", "log", "--format=%s", "--reverse"], cwd=folder, check=True, capture_output=True
    )
    return done.stdout.decode().split("\n")[1:-1]


def said(promoter: Promoter, by: str, approved: bool = True) -> None:
    ((name, request),) = approvals.waiting(promoter.place, promoter.clock())
    approvals.save(promoter.place, name, request.decided(Decision(by, approved, promoter.clock())))


async def begun(promoter: Promoter) -> Record:
    return await promoter.go_on(Record("release-1", "release", 1000.0))


async def test_a_release_moves_stage_by_stage_once_people_agreed(promoter: Promoter, folder: Path) -> None:
    record = await begun(promoter)
    assert (record.state, record.entries[-1].state) == ("running", "waiting")
    assert (released(folder, "staging"), released(folder, "production")) == (
        {"portrait": {"2.0.0": DIGEST}},
        {},
    )
    said(promoter, "lead")
    assert (await promoter.go_on(record)).state == "running"
    said(promoter, "ops")
    record = await promoter.go_on(records.load(promoter.place) or record)
    assert record.state == "completed"
    assert released(folder, "production") == {"portrait": {"2.0.0": DIGEST}}
    assert history(folder) == ["Promote release to staging", "Promote release to production"]
    assert "# careful" in (folder / "flowscale.yaml").read_text()


async def test_a_test_that_fails_gives_the_stage_back_what_it_had(promoter: Promoter, folder: Path) -> None:
    (folder / "good").unlink()
    record = await begun(promoter)
    assert record.state == "failed"
    assert [(one.step, one.state) for one in record.entries] == [
        ("check", "passed"),
        ("deploy", "passed"),
        ("extra", "failed"),
        ("rollback", "passed"),
    ]
    assert released(folder, "staging") == {}
    assert history(folder) == ["Promote release to staging", "Roll staging back"]


@pytest.mark.parametrize(("how", "why"), [("reject", "rejected by ops"), ("wait", "nobody agreed in time")])
async def test_what_is_refused_or_forgotten_never_reaches_the_stage(
    promoter: Promoter, folder: Path, clock: Clock, how: str, why: str
) -> None:
    record = await begun(promoter)
    said(promoter, "lead")
    if how == "reject":
        said(promoter, "ops", approved=False)
    else:
        clock.now += 3600
    record = await promoter.go_on(record)
    assert (record.state, record.entries[-1].detail) == ("failed", why)
    assert released(folder, "production") == {}
    assert released(folder, "staging") == {"portrait": {"2.0.0": DIGEST}}


async def test_what_passed_is_not_done_again(promoter: Promoter, folder: Path) -> None:
    record = await begun(promoter)
    again = await promoter.go_on(records.load(promoter.place) or record)
    assert [one.step for one in again.entries] == ["check", "deploy", "extra", "check", "approval"]
    assert history(folder) == ["Promote release to staging"]


async def test_a_version_without_a_release_goes_nowhere(promoter: Promoter, folder: Path) -> None:
    (folder / "flowscale.lock").unlink()
    record = await begun(promoter)
    assert record.entries[-1].detail == "version 2.0.0 of portrait has no release: run flowscale pin"


async def test_commits_go_to_a_branch_where_that_is_asked_for(
    promoter: Promoter, folder: Path, tmp_path: Path
) -> None:
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "clone", "-q", "--bare", folder, origin], check=True)
    subprocess.run(["git", "remote", "add", "origin", origin], cwd=folder, check=True)
    promoter.branch = "promote/release-1"
    await begun(promoter)
    done = subprocess.run(
        ["git", "log", "-1", "--format=%s", "promote/release-1"], cwd=origin, check=True, capture_output=True
    )
    assert done.stdout == b"Promote release to staging\n"
