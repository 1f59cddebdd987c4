"""Git sync for real: a push to a bare repository, a real engine, a real API server; revert, drift, a bad commit."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowscale_stacks.gitops import wiring
from flowscale_stacks.gitops.decisions import Rhythm
from flowscale_stacks.gitops.following import Follower
from flowscale_stacks.gitops.metrics import Metrics
from flowscale_stacks.operations import Choice, Operator
from flowscale_stacks.program import Source
from harness.control_plane import ControlPlane
from harness.git_work import Work
from harness.pulumi import Pulumi
from harness.spec_folders import digest, write

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(1200)]
PATIENCE = 300.0


@contextmanager
def running(follower: Follower) -> Iterator[None]:
    """Turns in a thread, as the process does."""
    ended = threading.Event()

    def turn() -> None:
        while not ended.is_set():
            ended.wait(follower.turn())

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def until(what: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("not in time")


def test_a_branch_is_followed_healed_and_survives_a_bad_commit(
    cluster: ControlPlane, pulumi: Pulumi, tmp_path: Path
) -> None:
    work = Work(tmp_path)
    specs = work.clone / "specs"

    def push(**rest: Any) -> str:
        write(specs, {"test": "followed"}, **rest)
        return work.push_all()

    def status() -> dict[str, str]:
        listed = cluster.get("configmaps", "-n", "followed")["items"]
        found = [each["data"] for each in listed if each["metadata"]["name"] == "flowscale-gitops-test"]
        return found[0] if found else {}

    def description() -> str:
        return str(cluster.get("wfd", "hello", "-n", "followed")["spec"]["description"])

    first = push()
    settings = wiring.Settings(
        url=f"file://{work.bare}",
        branch="main",
        path="specs",
        home=tmp_path / "home",
        environment="test",
        namespace="followed",
        interval=0.5,
        rhythm=Rhythm(heal=0, first=1, longest=2),
        choice=Choice(home=tmp_path / "home"),
    )
    follower = wiring.follower(settings, Metrics())
    with running(follower):
        until(lambda: status().get("good") == first)
        second = push(description="second")
        until(lambda: status().get("good") == second)
        assert description() == "second"

        (specs / "flowscale.yaml").write_text("kind: Workflow\nspec: {sauce: workflow.json}\n")
        broken = work.push_all()
        until(lambda: status().get("state") == "failed")
        assert (status()["commit"], status()["good"]) == (broken, second)
        assert description() == "second"

        work.git("revert", "--no-edit", broken)
        work.git("push", "--quiet", "origin", "main")
        reverted = work.git("rev-parse", "HEAD")
        until(lambda: status().get("good") == reverted)

    again = wiring.follower(settings, Metrics())
    assert again.memory.good == reverted
    edit = json.dumps({"spec": {"description": "by hand"}})
    cluster.kubectl("patch", "wfd", "hello", "-n", "followed", "--type=merge", "-p", edit)
    again.rhythm = Rhythm(heal=0.001)
    again.turn()
    assert description() == "second"
    assert cluster.get("wfd", "hello", "-n", "followed")["spec"]["releases"] == {"1.0.0": digest("1")}
    Operator(source=Source(folder=specs, environment="test")).destroy()
