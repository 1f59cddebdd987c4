"""Controllers as processes against a real API server: scaling, leadership, rollouts and budgets."""

import signal
import time
import urllib.request
from collections.abc import Callable

import pytest

from harness.controllers import NEW, OLD, Place, release
from harness.sinks import Sink

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]
Port = Callable[[], int]
LEASE = 6.0
"""Seconds: a leader on a busy machine keeps it, and a test waits for its end."""


def test_a_queued_run_scales_from_zero_and_idleness_back(place: Place, free_port: Port) -> None:
    place.deploy(scaling="{max: 3, queueDepth: 2, idleTimeout: 2s, cooldown: 0s}")
    place.executor()
    place.gateway.tell()
    place.start(free_port())
    place.wait("a first status", lambda: place.status()["scaling"]["wanted"] == 0)
    place.gateway.tell(queued=5, arrivals=5)
    place.wait("three instances", lambda: place.replicas() == 3)
    place.wait("its status", lambda: place.status()["scaling"]["reason"] == "QueueDepth")
    place.gateway.tell(queued=0, arrivals=5)
    place.wait("none again", lambda: place.replicas() == 0)
    place.wait("both Events", lambda: len(place.events()) >= 2)
    told = [(reason, message) for reason, message in place.events() if reason.startswith("Scaled")]
    assert told[0] == ("ScaledUp", "from 0 to 3: QueueDepth, 5 queued, 2 an instance")
    assert told[1][0] == "ScaledDown"
    assert place.status()["weights"] == {"2.0.0": 100}


def test_a_leader_that_is_killed_is_followed_and_one_that_was_paused_stops(
    place: Place, free_port: Port
) -> None:
    place.deploy(scaling="{max: 5, queueDepth: 1}")
    place.executor()
    place.gateway.tell()
    first = place.start(free_port(), lease=LEASE)
    place.wait("a leader", lambda: bool(place.leader()))
    leader = place.leader()
    second = place.start(free_port(), lease=LEASE)
    first.signal(signal.SIGSTOP)
    place.wait("another leader", lambda: place.leader() not in {"", leader})
    place.gateway.tell(queued=2)
    place.wait("the new leader's work", lambda: place.replicas() == 2)
    after = place.leader()
    first.signal(signal.SIGCONT)
    time.sleep(LEASE)
    assert place.leader() == after
    second.kill()
    place.gateway.tell(queued=4)
    place.wait("the first one again", lambda: place.replicas() == 4)
    assert place.leader() == leader


def test_a_bad_version_goes_back_by_itself_and_is_not_tried_again(place: Place, free_port: Port) -> None:
    rollout = "{steps: [20%, 50%], interval: 1s, runs: 10}"
    place.deploy(scaling="{min: 1, max: 2}")
    place.executor(releases=f"2.0.0={OLD},2.1.0={NEW}", replicas=1)
    place.gateway.tell(releases={OLD: release(1000, 5)})
    place.start(free_port())
    place.wait("the first version", lambda: place.status()["weights"] == {"2.0.0": 100})
    place.deploy(scaling="{min: 1, max: 2}", rollout=rollout, traffic="{2.0.0: 0%, 2.1.0: 100%}")
    place.wait("a canary", lambda: place.status()["weights"] == {"2.0.0": 80, "2.1.0": 20})
    place.gateway.tell(releases={OLD: release(1040, 5), NEW: release(2, 8)})
    place.wait("the old version alone", lambda: place.status()["weights"] == {"2.0.0": 100})
    status = place.status()
    assert [each["digest"] for each in status["rolledBack"]] == [NEW]
    assert status["rollout"]["verdict"] == "rolledBack"
    place.wait("the Event", lambda: "RolledBack" in {reason for reason, _ in place.events()})
    place.gateway.tell(releases={OLD: release(1200, 5), NEW: release(2, 8)})
    time.sleep(2)
    assert place.status()["weights"] == {"2.0.0": 100}


def test_a_good_version_takes_over_and_survives_a_restart_in_between(place: Place, free_port: Port) -> None:
    rollout = "{steps: [20%, 50%], interval: 2s, runs: 10}"
    place.deploy(scaling="{min: 1, max: 2}")
    place.executor(releases=f"2.0.0={OLD},2.1.0={NEW}", replicas=1)
    place.gateway.tell(releases={OLD: release(1000, 5)})
    first = place.start(free_port())
    place.wait("the first version", lambda: place.status()["weights"] == {"2.0.0": 100})
    place.deploy(scaling="{min: 1, max: 2}", rollout=rollout, traffic="{2.0.0: 0%, 2.1.0: 100%}")
    place.wait("a canary", lambda: place.status()["weights"] == {"2.0.0": 80, "2.1.0": 20})
    first.kill()
    place.gateway.tell(releases={OLD: release(1040, 5), NEW: release(12)})
    place.start(free_port())
    place.wait("the second step", lambda: place.status()["weights"] == {"2.0.0": 50, "2.1.0": 50})
    place.gateway.tell(releases={OLD: release(1060, 5), NEW: release(30)})
    place.wait("the new version", lambda: place.status()["weights"] == {"2.1.0": 100})
    assert place.status()["rollout"]["verdict"] == "promoted"


def test_a_spent_budget_stops_instances_tells_people_and_opens_again(
    place: Place, free_port: Port, sink: Sink
) -> None:
    place.deploy(scaling="{min: 1, max: 2}")
    place.executor(replicas=1)
    place.gateway.tell(running=1)
    place.start(free_port(), FLOWSCALE_MESSAGES=f"json://127.0.0.1:{sink.port}/hook")
    place.wait("an open budget", lambda: place.status("budget", "studio")["exceeded"] is False)
    place.gateway.spend(101)
    place.wait("no instances", lambda: place.replicas() == 0)
    place.wait("its state", lambda: place.status()["budget"]["exceeded"] is True)
    budget = place.status("budget", "studio")
    assert (budget["exceeded"], budget["alerts"]) == (True, [50, 75, 90, 100])
    place.gateway.spend(0, start=int(30 * 86400e6))
    place.wait("instances again", lambda: place.replicas() == 1)
    place.wait("all Events", lambda: "BudgetReopened" in {reason for reason, _ in place.events()})
    assert {"BudgetAlert", "BudgetExceeded"} <= {reason for reason, _ in place.events()}
    spent, reopened = (body.decode() for body in sink.bodies)
    assert "more than 100%" in spent
    assert "a new period has begun" in reopened


def test_probes_and_metrics_are_served(place: Place, free_port: Port) -> None:
    place.deploy(scaling="{max: 2}")
    place.executor()
    place.gateway.tell(queued=1)
    port = free_port()
    place.start(port)
    place.wait("an instance", lambda: place.replicas() == 1)

    def read(path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as reply:
            return str(reply.read().decode())

    assert read("/readyz") == read("/healthz") == "ok\n"
    place.wait(
        "the count",
        lambda: 'flowscale_scalings_total{deployment="portrait",reason="Work"} 1.0' in read("/metrics"),
    )
    assert "flowscale_controllers_leader 1.0" in read("/metrics")
