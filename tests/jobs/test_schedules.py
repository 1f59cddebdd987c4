"""When schedules start something, on any clock, and which rows are told of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowscale_jobs.schedules.changes import Watermark, fresh
from flowscale_jobs.schedules.starts import Pass, Start, decide, moments
from flowscale_specs.values import Cron, TimeZone

BERLIN = TimeZone.parse("Europe/Berlin")
CRONS = ("30 2 * * *", "0 8 * * mon-fri", "*/7 * * * *", "0 * * * *", "15 3 1 * *", "@daily", "0 0,12 * * *")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def named(cron: str, start: str, end: str) -> list[str]:
    found = moments(Cron.parse(cron), BERLIN, at(start), at(end))
    return [f"{one.astimezone(UTC):%m-%d %H:%M}" for one in found]


@pytest.mark.parametrize(
    ("cron", "start", "end", "expected"),
    [
        ("30 2 * * *", "2026-03-28T12:00", "2026-03-30T12:00", ["03-29 01:00", "03-30 00:30"]),  # the gap
        ("30 2 * * *", "2026-10-24T12:00", "2026-10-26T12:00", ["10-25 00:30", "10-26 01:30"]),  # twice
        ("0 * * * *", "2026-10-24T23:30", "2026-10-25T03:00", ["10-25 00:00", "10-25 01:00", "10-25 02:00", "10-25 03:00"]),
        ("0 8 * * mon-fri", "2026-01-02T06:00", "2026-01-05T08:00", ["01-02 07:00", "01-05 07:00"]),
    ],
)  # fmt: skip
def test_moments_follow_the_clock_on_the_wall(cron: str, start: str, end: str, expected: list[str]) -> None:
    assert named(cron, start, end) == expected


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(CRONS),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - it wants them without a zone
    st.lists(st.integers(1, 2000), min_size=1, max_size=6),
)
def test_however_often_one_looks_the_same_moments_are_due(
    cron: str, zone: str, start: datetime, looks: list[int]
) -> None:
    expression, where, first = Cron.parse(cron), TimeZone.parse(zone), start.replace(tzinfo=UTC)
    end = first + timedelta(minutes=sum(looks))
    whole = list(moments(expression, where, first, end))
    pieces, last = [], first
    for minutes in looks:
        until = last + timedelta(minutes=minutes)
        pieces += list(moments(expression, where, last, until))
        last = until
    assert pieces == whole
    assert whole == sorted(set(whole))


NOW, DUE = at("2026-01-01T12:00"), [at("2026-01-01T10:00"), at("2026-01-01T11:59")]


@pytest.mark.parametrize(
    ("due", "deadline", "policy", "running", "expected"),
    [
        ([], 300, "allow", [], None),
        (DUE, 300, "allow", ["a"], Start(DUE[1])),
        (DUE, 300, "forbid", [], Start(DUE[1])),
        (DUE, 300, "forbid", ["a"], Pass(DUE[1], "a still runs")),
        (DUE, 300, "replace", ["a", "b"], Start(DUE[1], ("a", "b"))),
        (DUE[:1], 300, "allow", [], Pass(DUE[0], "it is more than 0:05:00 late")),
        (DUE[:1], 7200, "allow", [], Start(DUE[0])),
    ],
)  # fmt: skip
def test_what_follows_from_what_is_due(
    due: list[datetime], deadline: int, policy: Any, running: list[str], expected: Any
) -> None:
    assert decide(due, NOW, timedelta(seconds=deadline), policy, running) == expected


@given(st.lists(st.lists(st.integers(0, 2), max_size=4), max_size=8), st.integers(1, 3))
def test_every_row_is_told_of_once_however_rows_share_a_cursor(arrivals: list[list[int]], limit: int) -> None:
    table: list[dict[str, Any]] = []
    told: list[int] = []
    mark, clock = Watermark(), 0
    for arrived in [*arrivals, *([[]] * 40)]:
        for step in arrived:
            clock += step
            table.append({"id": len(table), "updated_at": clock})
        ordered = sorted(table, key=lambda row: row["updated_at"])
        seen = [row for row in ordered if mark.value is None or row["updated_at"] >= mark.value]
        rows, mark = fresh(seen[: limit + len(mark.seen)], Watermark.from_json(mark.to_json()), "updated_at")
        told += [row["id"] for row in rows]
    assert sorted(told) == list(range(len(table)))
