"""The journal of a batch survives its feeder, however the pieces were cut."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_jobs.batches.journal import Journal, Record
from flowscale_jobs.batches.limits import stop
from flowscale_jobs.places import Place
from flowscale_specs.kinds.batch import BatchSpec

states = st.sampled_from(["submitted", "completed", "failed", "refused"])
notes = st.lists(st.tuples(st.integers(0, 5), states, st.booleans()), max_size=30)


@given(notes)
def test_what_was_flushed_is_there_after_a_death_and_an_end_is_the_end(
    tmp_path_factory: pytest.TempPathFactory, happened: list[tuple[int, str, bool]]
) -> None:
    place = Place.at(tmp_path_factory.mktemp("journal"))
    journal, kept, noted = Journal(place, "a"), dict[int, str](), dict[int, str]()
    for index, state, flush in happened:
        journal.note(Record(f"k{index}", index, state, cost=1.0))
        if noted.get(index, "submitted") == "submitted":
            noted[index] = state
        if flush:
            journal.flush()
            kept = dict(noted)
    for _ in range(2):  # the second reads the one piece that the first made
        again = Journal(place, "b")
        again.load()
        assert {one.index: one.state for one in again.records.values()} == kept
        assert sum(again.counts.values()) == len(kept)
        assert [one.index for one in again.ended()] == sorted(i for i, s in kept.items() if s != "submitted")


def test_two_feeders_add_to_one_journal(tmp_path: Path) -> None:
    place = Place.at(tmp_path)
    first, second = Journal(place, "a"), Journal(place, "b")
    for journal, index in ((first, 0), (second, 1)):
        journal.note(Record(f"k{index}", index, "completed", f"run-{index}"))
        journal.flush()
    third = Journal(place, "c")
    third.load()
    assert [one.run_id for one in third.ended()] == ["run-0", "run-1"]


@pytest.mark.parametrize(
    ("spec", "elapsed", "cancelled", "expected"),
    [
        ({}, 1e9, False, None),
        ({"timeout": "1m"}, 59, False, None),
        ({"timeout": "1m"}, 60, False, ("failed", True)),
        ({"limit": "$3"}, 0, False, None),
        ({"limit": "$2"}, 0, False, ("failed", False)),
        ({"onError": "stop"}, 0, False, ("failed", False)),
        ({}, 0, True, ("cancelled", True)),
    ],
)
def test_when_a_batch_takes_no_more_items(
    tmp_path: Path, spec: dict[str, str], elapsed: float, cancelled: bool, expected: tuple[str, bool] | None
) -> None:
    journal = Journal(Place.at(tmp_path), "a")
    journal.note(Record("k0", 0, "completed", cost=1.0))
    journal.note(Record("k1", 1, "failed", cost=1.0))
    batch = BatchSpec.model_validate({"deployment": "d", "inputs": [{"a": 1}], **spec})
    found = stop(batch, journal, elapsed, cancelled=cancelled)
    assert (None if found is None else (found.state, found.cancel)) == expected
