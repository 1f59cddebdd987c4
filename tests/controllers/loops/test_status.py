"""What decisions remember survives being written to a status and read back."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.budgets import Ledger, Told, Verdict
from flowscale_controllers.decisions.evidence import Batch, Evidence, Totals
from flowscale_controllers.decisions.rollout import Live, Sent, Trial
from flowscale_controllers.decisions.values import Past, Wanted
from flowscale_controllers.loops import status as statuses
from flowscale_specs.resources import BudgetStatus, DeploymentStatus

WHOLE = st.integers(0, 10**6)
TOTALS = st.builds(
    Totals, runs=WHOLE, failures=WHOLE, seconds=st.floats(0, 1e6), score=st.floats(0, 1e6), scores=WHOLE
)
MOMENTS = st.integers(0, 4 * 10**9).map(float)
EVIDENCE = st.builds(
    Evidence,
    batches=st.lists(st.builds(Batch, TOTALS, TOTALS), max_size=4).map(tuple),
    stable=TOTALS,
    candidate=TOTALS,
)
TRIALS = st.builds(
    Trial,
    candidate=st.just("2.1.0"),
    digest=st.just("sha256:new"),
    step=st.integers(0, 3),
    started_at=MOMENTS,
    step_at=MOMENTS,
    step_runs=WHOLE,
    verdict=st.sampled_from(["watching", "promoted", "rolledBack", "ready", "failing"]),
    message=st.text(max_size=20),
    mirror=st.floats(0, 100),
    evidence=EVIDENCE,
)
LIVES = st.builds(
    Live,
    weights=st.dictionaries(st.sampled_from(["2.0.0", "2.1.0"]), st.floats(0, 100)),
    trial=st.none() | TRIALS,
    sent_back=st.lists(
        st.builds(Sent, digest=st.text("abc"), at=MOMENTS, reason=st.text(max_size=9)), max_size=2
    ).map(tuple),
)
PASTS = st.builds(
    Past,
    grew_at=st.none() | MOMENTS,
    surplus_since=st.none() | MOMENTS,
    surplus_peak=WHOLE,
    filling=st.booleans(),
)


def travelled(status: Any) -> Any:
    return json.loads(json.dumps(status))


@given(LIVES)
def test_rollouts_come_back_as_they_were(live: Live) -> None:
    status = statuses.live_status(live)
    assert statuses.live_of(travelled(status)) == live
    DeploymentStatus.model_validate(status)


@given(PASTS)
def test_scaling_comes_back_as_it_was(past: Past) -> None:
    wanted = Wanted(replicas=2, reason="Work", message="1 running", past=past)
    status = {"scaling": statuses.scaling_status(wanted, {}, 1000.0)}
    assert status["scaling"]["memory"]  # an API server refuses a map that becomes empty
    read = statuses.past_of(travelled(status))
    assert (read.surplus_peak, read.filling) == (past.surplus_peak, past.filling)
    assert (read.grew_at or 0, read.surplus_since or 0) == (past.grew_at or 0, past.surplus_since or 0)
    DeploymentStatus.model_validate(status)


def test_the_time_of_a_decision_is_when_it_last_came_out_differently() -> None:
    wanted = Wanted(replicas=2, reason="Work", message="1 running", past=Past())
    first = statuses.scaling_status(wanted, {}, 1000.0)
    assert statuses.scaling_status(wanted, first, 2000.0) == first
    other = Wanted(replicas=3, reason="Work", message="3 running", past=Past())
    assert statuses.scaling_status(other, first, 2000.0)["at"] == statuses.text(2000.0)


def test_what_another_version_remembered_is_left_out() -> None:
    assert statuses.past_of({"scaling": {"memory": {"grew_at": 5.0, "mood": "good"}}}) == Past(grew_at=5.0)
    assert statuses.past_of({}) == Past()
    assert statuses.live_of({}) == Live()


@given(st.integers(0, 100), MOMENTS)
def test_alerts_come_back_with_their_period(mark: int, start: float) -> None:
    ledger, told = (
        Ledger(name="b", limit=9, spent=3, period_start=start),
        Told(period_start=start, alerts=(mark,)),
    )
    verdict = Verdict(exceeded=False, until=None, alerts=(), told=told)
    status = statuses.budget_status(ledger, verdict, told, 4)
    assert statuses.told_of(travelled(status)) == told
    BudgetStatus.model_validate(status)
