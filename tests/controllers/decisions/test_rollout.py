"""Rollouts: from the first part of the traffic to all of it, or back."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_controllers.decisions.evidence import Evidence, Totals
from flowscale_controllers.decisions.rollout import Live, Seen, Step, Wish, decide
from flowscale_specs import ResolvedMetric, ResolvedRollout

NOW = 1000.0
OLD, NEW, NEWER = "sha256:old", "sha256:new", "sha256:newer"


def rollout(**fields: Any) -> ResolvedRollout:
    usual: dict[str, Any] = {
        "mode": "canary",
        "steps": (10.0, 50.0),
        "interval": 600.0,
        "runs": 20,
        "metrics": (),
        "error_rate": 0.05,
        "confidence": 0.95,
        "automatic": True,
    }
    return ResolvedRollout(**{**usual, **fields})


def wish(version: str = "2.1.0", digest: str = NEW, **fields: Any) -> Wish:
    usual: dict[str, Any] = {
        "traffic": {"2.0.0": 0.0, version: 100.0},
        "releases": {"2.0.0": OLD, version: digest},
        "rollout": rollout(),
    }
    return Wish(**{**usual, **fields})


BEFORE = Live(weights={"2.0.0": 100.0})


def seen(old: int = 0, new: int = 0, failed: int = 0, seconds: float = 1.0, **fields: Any) -> Seen:
    totals = {
        OLD: Totals(runs=old, failures=old // 100, seconds=old * 1.0, score=old * 0.9, scores=old),
        NEW: Totals(runs=new, failures=failed, seconds=new * seconds, score=new * 0.9, scores=new),
    }
    return Seen(totals=totals, **fields)


def test_the_first_release_is_live_at_once() -> None:
    step = decide(wish("2.0.0", OLD), Live(), Seen(), NOW)
    assert (step.live.weights, step.reason) == ({"2.0.0": 100.0}, "Released")
    assert decide(wish("2.0.0", OLD), step.live, Seen(), NOW) == Step(live=step.live)


def test_without_a_rollout_a_new_version_takes_over_at_once() -> None:
    step = decide(wish(rollout=None), BEFORE, Seen(), NOW)
    assert (step.live.weights, step.live.trial) == ({"2.1.0": 100.0}, None)


def test_a_new_version_starts_with_its_first_part_and_the_old_release_stays_known() -> None:
    step = decide(wish(), BEFORE, seen(old=500), NOW)
    assert step.live.weights == {"2.0.0": 90.0, "2.1.0": 10.0}
    assert (step.reason, step.again_at) == ("RolloutStarted", NOW + 600)


def test_it_goes_on_when_time_and_runs_are_enough_and_takes_over_after_the_last_step() -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    early = decide(wish(), live, seen(old=700, new=25), NOW + 599)
    assert early.live.weights == {"2.0.0": 90.0, "2.1.0": 10.0}
    few = decide(wish(), live, seen(old=700, new=19), NOW + 600)
    assert (few.live.weights["2.1.0"], few.reason) == (10.0, "")
    second = decide(wish(), early.live, seen(old=700, new=25), NOW + 600)
    assert (second.live.weights, second.reason) == ({"2.0.0": 50.0, "2.1.0": 50.0}, "RolloutAdvanced")
    unchanged = decide(wish(), second.live, seen(old=720, new=44), NOW + 1200)
    assert unchanged.live.weights["2.1.0"] == 50.0
    last = decide(wish(), second.live, seen(old=720, new=45), NOW + 1200)
    assert (last.live.weights, last.reason) == ({"2.1.0": 100.0}, "Promoted")
    assert decide(wish(), last.live, seen(old=720, new=45), NOW + 9999) == Step(live=last.live)


def test_failures_send_it_back_before_the_step_is_over() -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    step = decide(wish(), live, seen(old=590, new=10, failed=6), NOW + 60)
    assert (step.live.weights, step.reason) == ({"2.0.0": 100.0}, "RolledBack")
    assert [sent.digest for sent in step.live.sent_back] == [NEW]
    assert "60.0% of runs fail, 0.0% before" in step.message


def test_what_was_sent_back_is_not_tried_again_until_git_names_another() -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    back = decide(wish(), live, seen(old=590, new=10, failed=6), NOW + 60).live
    again = decide(wish(), back, seen(old=990, new=10, failed=6), NOW + 9999)
    assert again == Step(live=back)
    fixed = wish("2.2.0", NEWER)
    onward = decide(fixed, back, seen(old=990), NOW + 9999)
    assert (onward.live.weights, onward.live.sent_back) == ({"2.0.0": 90.0, "2.2.0": 10.0}, ())


def test_git_may_take_a_new_version_back_itself() -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    step = decide(wish("2.0.0", OLD), live, seen(old=600, new=9), NOW + 60)
    assert (step.live.weights, step.live.trial, step.live.sent_back) == ({"2.0.0": 100.0}, None, ())


def test_another_version_named_meanwhile_starts_over_beside_the_old_one() -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    step = decide(wish("2.2.0", NEWER), live, seen(old=600, new=9), NOW + 60)
    assert step.live.weights == {"2.0.0": 90.0, "2.2.0": 10.0}


def test_after_a_promotion_the_next_version_has_it_as_its_old_one() -> None:
    promoted = decide(wish(rollout=rollout(steps=(50.0,), interval=0.0, runs=0)), BEFORE, Seen(), NOW).live
    promoted = decide(wish(rollout=rollout(steps=(50.0,), interval=0.0, runs=0)), promoted, Seen(), NOW).live
    assert promoted.weights == {"2.1.0": 100.0}
    following = wish(traffic={"2.1.0": 0.0, "2.2.0": 100.0}, releases={"2.1.0": NEW, "2.2.0": NEWER})
    step = decide(following, promoted, Seen(), NOW)
    assert step.live.weights == {"2.1.0": 90.0, "2.2.0": 10.0}


def test_several_old_versions_share_what_the_new_one_leaves() -> None:
    live = Live(weights={"1.0.0": 20.0, "2.0.0": 80.0})
    both = {"1.0.0": "sha256:one", "2.0.0": OLD, "2.1.0": NEW}
    step = decide(wish(releases=both), live, Seen(), NOW)
    assert step.live.weights == {"1.0.0": 18.0, "2.0.0": 72.0, "2.1.0": 10.0}


def test_a_mirrored_version_answers_nobody_and_is_judged_all_the_same() -> None:
    mirrored = wish(rollout=rollout(mode="mirror"))
    step = decide(mirrored, BEFORE, seen(old=500), NOW)
    assert step.live.weights == {"2.0.0": 100.0, "2.1.0": 0.0}
    assert step.live.trial is not None
    assert step.live.trial.mirror == 10.0
    assert decide(mirrored, step.live, seen(old=590, new=10, failed=6), NOW + 60).reason == "RolledBack"


def test_where_it_isnt_automatic_nothing_moves_and_what_would_be_done_is_told_once() -> None:
    manual = wish(rollout=rollout(automatic=False))
    live = decide(manual, BEFORE, seen(old=500), NOW).live
    failing = decide(manual, live, seen(old=590, new=10, failed=6), NOW + 60)
    assert (failing.live.weights["2.1.0"], failing.reason) == (10.0, "WouldRollBack")
    assert decide(manual, failing.live, seen(old=590, new=10, failed=6), NOW + 61).reason == ""


def test_a_percentile_above_its_maximum_sends_back_after_enough_runs() -> None:
    strict = wish(rollout=rollout(metrics=(ResolvedMetric(name="latency-p95", maximum=20.0),)))
    live = decide(strict, BEFORE, seen(old=500), NOW).live
    slow = {NEW: (5.0, 25.0)}
    assert decide(strict, live, seen(old=590, new=19, latency=slow), NOW + 60).reason == ""
    assert decide(strict, live, seen(old=590, new=20, latency=slow), NOW + 60).reason == "RolledBack"


def test_the_gateways_counts_may_begin_anew() -> None:
    begun = Evidence(stable=Totals(runs=500), candidate=Totals(runs=40, failures=3))
    fresh = begun.observe(Totals(runs=2), Totals(runs=0))
    assert (fresh.batches, fresh.stable.runs, fresh.candidate.runs) == ((), 2, 0)


WISHES = st.builds(
    wish,
    st.sampled_from(["2.0.0", "2.1.0", "2.2.0"]),
    st.sampled_from([OLD, NEW, NEWER]),
    rollout=st.none()
    | st.builds(rollout, mode=st.sampled_from(["canary", "mirror", "experiment"]), interval=st.just(60.0)),
)


@given(
    st.lists(
        st.tuples(WISHES, st.integers(0, 300), st.integers(0, 60), st.floats(0, 1)), min_size=1, max_size=20
    )
)
def test_weights_always_add_up_and_every_live_version_has_a_digest(
    steps: list[tuple[Wish, int, int, float]],
) -> None:
    live, now, old, new, failed = BEFORE, NOW, 0, 0, 0
    for wanted, more_old, more_new, part in steps:
        now, old, new, failed = now + 40, old + more_old, new + more_new, failed + int(more_new * part)
        live = decide(wanted, live, seen(old=old, new=new, failed=failed), now).live
        assert sum(live.weights.values()) == pytest.approx(100)
        answering = {version for version, share in live.weights.items() if share}
        assert answering <= set(wanted.releases)
        assert not {each.digest for each in live.sent_back} & {
            wanted.releases[version] for version in answering if wanted.rollout and version != "2.0.0"
        }


def test_without_an_old_version_beside_it_a_new_one_takes_over_at_once() -> None:
    alone = wish(traffic={"2.1.0": 100.0}, releases={"2.1.0": NEW})
    assert decide(alone, BEFORE, Seen(), NOW).live.weights == {"2.1.0": 100.0}


@given(st.integers(0, 100))
def test_deciding_again_at_once_changes_nothing(new: int) -> None:
    live = decide(wish(), BEFORE, seen(old=500), NOW).live
    first = decide(wish(), live, seen(old=600, new=new), NOW + 60)
    second = decide(wish(), first.live, seen(old=600, new=new), NOW + 60)
    assert (second.live, second.reason) == (first.live, "")
    assert replace(first, reason="", message="").live == second.live
