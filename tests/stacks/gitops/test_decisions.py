"""Git sync as decisions: what comes next, after what was seen, at which time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_stacks.gitops.decisions import (
    Heal,
    Memory,
    Reconcile,
    Restore,
    Rhythm,
    Wait,
    failed,
    next_action,
    restored,
    succeeded,
    troubled,
)
from flowscale_stacks.gitops.delivering import backoff, patience, touched
from flowscale_stacks.gitops.errors import RepositoryUnreachable, Unsigned
from flowscale_stacks.operations.errors import NameClash, Refused
from flowscale_stacks.reading.errors import ClusterUnreachable

RHYTHM = Rhythm(heal=100, first=5, longest=60)
GOOD = succeeded(Memory(), "a", 10)


def test_the_first_commit_is_reconciled_at_once() -> None:
    assert next_action("a", Memory(), RHYTHM, 0) == Reconcile("a")


def test_nothing_is_done_while_git_stands_still() -> None:
    assert next_action("a", GOOD, RHYTHM, 11) == Wait(110)


def test_drift_is_looked_for_after_a_while_or_never() -> None:
    assert next_action("a", GOOD, RHYTHM, 110) == Heal("a")
    assert next_action("a", GOOD, Rhythm(heal=0), 10_000) == Wait(float("inf"))


def test_a_new_commit_comes_before_healing() -> None:
    assert next_action("b", GOOD, RHYTHM, 1000) == Reconcile("b")


def test_a_commit_that_left_the_cluster_half_way_is_followed_by_the_last_good_one() -> None:
    after = failed(GOOD, "b", 30, touched=True)
    assert next_action("b", after, RHYTHM, 20) == Restore("a")
    back = restored(after, 21)
    assert next_action("b", back, RHYTHM, 22) == Wait(30)
    assert next_action("b", back, RHYTHM, 30) == Reconcile("b")


def test_a_commit_that_touched_nothing_needs_no_restoring() -> None:
    assert next_action("b", failed(GOOD, "b", None, touched=False), RHYTHM, 20) == Wait(float("inf"))


def test_a_failed_commit_is_given_up_for_the_next_one() -> None:
    assert next_action("c", failed(GOOD, "b", None, touched=False), RHYTHM, 20) == Reconcile("c")


def test_a_revert_to_the_good_commit_needs_only_healing() -> None:
    after = failed(GOOD, "b", None, touched=True)
    assert next_action("a", restored(after, 20), RHYTHM, 21) == Wait(120)


def test_the_last_good_commit_is_healed_while_a_failed_one_waits() -> None:
    after = restored(failed(GOOD, "b", None, touched=True), 20)
    assert next_action("b", after, RHYTHM, 120) == Heal("a")


def test_tries_are_counted_for_each_commit() -> None:
    once = failed(GOOD, "b", 1, touched=False)
    assert failed(once, "b", 2, touched=False).tries == 2
    assert failed(once, "c", 2, touched=False).tries == 1
    assert succeeded(once, "b", 3).tries == 0


def test_healing_that_fails_waits_for_its_time() -> None:
    after = troubled(GOOD, 200, RHYTHM)
    assert next_action("a", after, RHYTHM, 201) == Wait(300)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=12), st.data())
def test_the_last_good_commit_never_stays_half_undone(heads: list[str], data: st.DataObject) -> None:
    memory, now = Memory(), 0.0
    for head in heads:
        now += data.draw(st.floats(0.1, 300))
        action = next_action(head, memory, RHYTHM, now)
        match action:
            case Reconcile(commit) if data.draw(st.booleans()):
                memory = succeeded(memory, commit, now)
            case Reconcile(commit):
                memory = failed(
                    memory, commit, data.draw(st.none() | st.just(now + 5)), touched=data.draw(st.booleans())
                )
                if memory.good and memory.applied != memory.good:
                    assert next_action(commit, memory, RHYTHM, now) == Restore(memory.good)
            case Restore(commit) | Heal(commit):
                assert commit == memory.good
                memory = restored(memory, now)
            case Wait(until):
                assert until > now


@pytest.mark.parametrize(("tries", "seconds"), [(1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (50, 60)])
def test_patience_doubles_up_to_its_limit(tries: int, seconds: float) -> None:
    assert backoff(tries, RHYTHM) == seconds


def test_only_what_may_pass_is_tried_again_soon() -> None:
    assert patience(ClusterUnreachable(""), 1, RHYTHM) == 5
    assert patience(RepositoryUnreachable(""), 2, RHYTHM) == 10
    assert patience(NameClash(""), 1, RHYTHM) == 60
    assert patience(Unsigned(""), 1, RHYTHM) is None
    assert touched(Refused(""))
    assert not touched(ClusterUnreachable(""))
