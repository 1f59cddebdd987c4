"""Value types parse short forms, print them back and tell JSON Schema what they are."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from flowscale_specs.values import (
    Allowance,
    Cron,
    Duration,
    Memory,
    Money,
    Percent,
    Price,
    Rate,
    Sha256,
    ShortForm,
    StoragePrice,
    TimeZone,
    TransferPrice,
    Version,
    VersionRange,
)

ALL = [
    Allowance,
    Cron,
    Duration,
    Memory,
    Money,
    Percent,
    Price,
    Rate,
    Sha256,
    StoragePrice,
    TimeZone,
    TransferPrice,
    Version,
    VersionRange,
]

_versions = st.builds(
    "{}.{}.{}{}".format,
    *[st.integers(0, 10**6)] * 3,
    st.sampled_from(["", "-rc.1", "-beta", "+build.5", "-alpha.2+x"]),
).map(Version)

VALUES: dict[type[ShortForm], st.SearchStrategy[Any]] = {
    Memory: st.integers(0, 2**62).map(Memory),
    Duration: st.integers(0, 10**12).map(lambda ms: Duration(ms / 1000)),
    Money: st.integers(0, 10**15).map(Money),
    Price: st.integers(0, 10**15).map(Price),
    TransferPrice: st.integers(0, 10**15).map(TransferPrice),
    StoragePrice: st.integers(0, 10**15).map(StoragePrice),
    Allowance: st.builds(
        Allowance, st.integers(0, 10**15).map(Money), st.sampled_from([None, "day", "week", "month", "total"])
    ),
    Percent: st.decimals(0, 100, places=4).map(Percent),
    Rate: st.builds(Rate, st.integers(1, 10**6), st.integers(1, 10**5)),
    Version: _versions,
    VersionRange: st.lists(
        st.builds("{}{}".format, st.sampled_from(["==", "!=", ">=", "<=", ">", "<"]), _versions),
        min_size=1,
        max_size=4,
    ).map(lambda parts: VersionRange(",".join(parts))),
    Cron: st.builds(
        "{} {} {} {} {}".format,
        st.integers(0, 59),
        st.sampled_from(["*", "*/3", "8-17", "1,2"]),
        st.sampled_from(["*", "1", "1-7"]),
        st.sampled_from(["*", "jan", "3,6"]),
        st.sampled_from(["*", "mon-fri", "0"]),
    ).map(Cron),
    Sha256: st.binary(min_size=32, max_size=32).map(lambda data: Sha256(data.hex())),
    TimeZone: st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"]).map(TimeZone),
}


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_is_printed_is_read_back(kind: type[ShortForm], data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    assert kind.parse(str(value)) == value
    assert type(kind.parse(str(value))) is kind


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_the_pattern_for_editors_takes_what_is_printed(kind: type[ShortForm], data: st.DataObject) -> None:
    assert re.search(kind.pattern, str(data.draw(VALUES[kind])))


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_examples_are_read(kind: type[ShortForm]) -> None:
    for example in kind.examples:
        assert kind.parse(example) is not None
        assert re.search(kind.pattern, example)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
@given(
    written=st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text()))
)
def test_anything_else_is_refused_with_a_value_error(kind: type[ShortForm], written: Any) -> None:
    try:
        value = kind.parse(written)
    except ValueError:
        return
    assert kind.parse(str(value)) == value


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_a_model_tells_the_short_form_to_json_schema(kind: type[ShortForm]) -> None:
    schema = TypeAdapter(kind).json_schema()
    text = schema["anyOf"][0] if kind.numbers else schema
    assert text == {"type": "string", "pattern": kind.pattern, "examples": list(kind.examples)}


@pytest.mark.parametrize(
    ("kind", "written", "value", "printed"),
    [
        (Memory, "16Gi", 16 * 2**30, "16Gi"),
        (Memory, "1.5Gi", 1536 * 2**20, "1536Mi"),
        (Memory, "10MB", 10**7, "10M"),
        (Memory, 1024, 1024, "1Ki"),
        (Memory, 0, 0, "0"),
        (Duration, "90s", 90.0, "90s"),
        (Duration, "1h30m", 5400.0, "90m"),
        (Duration, "24h", 86400.0, "1d"),
        (Duration, "250ms", 0.25, "250ms"),
        (Duration, "5 min", 300.0, "5m"),
        (Duration, 0, 0.0, "0s"),
        (Money, "$500", 500_000_000, "$500"),
        (Money, "$0.3", 300_000, "$0.30"),
        (Price, "$2.00/h", 2_000_000, "$2.00/h"),
        (Price, "$0.0005/s", 1_800_000, "$1.80/h"),
        (Price, "$0", 0, "$0.00/h"),
        (TransferPrice, "$0.12/GB", 120_000, "$0.12/GB"),
        (StoragePrice, "$ 0.1 / GB / month", 100_000, "$0.10/GB/month"),
        (Allowance, "$500/month", Allowance(Money(500_000_000), "month"), "$500/month"),
        (Allowance, "$20", Allowance(Money(20_000_000), None), "$20"),
        (Percent, "90%", Decimal(90), "90%"),
        (Percent, "12.50%", Decimal("12.5"), "12.5%"),
        (Rate, "10/s", Rate(10, 1), "10/s"),
        (Rate, "5/30s", Rate(5, 30), "5/30s"),
        (Rate, "600/hour", Rate(600, 3600), "600/h"),
        (Cron, "0  8 * * *", "0 8 * * *", "0 8 * * *"),
        (Version, "2.1", "2.1.0", "2.1.0"),
        (Version, 1.0, "1.0.0", "1.0.0"),
        (Version, "v3", "3.0.0", "3.0.0"),
        (VersionRange, ">=1.2, <2", ">=1.2.0,<2.0.0", ">=1.2.0,<2.0.0"),
        (Sha256, "sha256:" + "AB" * 32, "ab" * 32, "ab" * 32),
    ],
)
def test_short_forms(kind: type[ShortForm], written: Any, value: Any, printed: str) -> None:
    assert kind.parse(written) == value
    assert str(kind.parse(written)) == printed


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Memory, "16Gx"),
        (Memory, "-1"),
        (Memory, True),
        (Memory, "0.5"),
        (Memory, "9" * 19),
        (Duration, "90"),
        (Duration, "1x"),
        (Duration, "0.0001s"),
        (Duration, "101000w"),
        (Money, "500"),
        (Money, "$-1"),
        (Money, "$0.0000001"),
        (Price, "$2.00"),
        (TransferPrice, "$0.12/GB/month"),
        (StoragePrice, "$0.10/GB"),
        (TransferPrice, "$0.0000001/GB"),
        (Allowance, "$5/year"),
        (Percent, "101%"),
        (Percent, "90"),
        (Rate, "0/s"),
        (Rate, "10"),
        (Cron, "61 * * * *"),
        (Cron, "0 8 30 2 *"),
        (Cron, "* * * * * *"),
        (Cron, "@reboot"),
        (TimeZone, "Mars/Olympus"),
        (TimeZone, "../etc/passwd"),
        (Version, "1.2.3.4"),
        (Version, "01.2.3"),
        (VersionRange, "1.2"),
        (VersionRange, ">=1.2,,<2"),
        (Sha256, "ab"),
    ],
)
def test_what_is_refused(kind: type[ShortForm], written: Any) -> None:
    with pytest.raises(ValueError, match=r"is not|not a"):
        kind.parse(written)


def test_a_refusal_says_how_it_is_written() -> None:
    with pytest.raises(ValueError, match="'16Gx' is not an amount of memory: write it like 16Gi or 512Mi"):
        Memory.parse("16Gx")


def test_values_are_numbers() -> None:
    assert Memory.parse("1Ki") + 1 == 1025
    assert Duration.parse("90s") * 2 == 180.0
    assert sum([Percent.parse("12.5%"), Percent.parse("87.5%")]) == 100
    assert f"{Percent.parse('12.5%')}" == "12.5%"


@pytest.mark.parametrize(
    ("bounds", "version", "expected"),
    [
        (">=1.2,<2", "1.2.0", True),
        (">=1.2,<2", "2.0.0", False),
        (">=1.2,!=1.5.0", "1.5.0", False),
        ("==2.1", "2.1.0", True),
        (">1", "1.0.0-rc.1", False),
        ("*", "0.0.1", True),
    ],
)
def test_ranges_contain_versions(bounds: str, version: str, expected: bool) -> None:
    assert VersionRange.parse(bounds).contains(Version.parse(version)) is expected


def test_versions_sort_as_semantic_versions() -> None:
    versions = [Version(text) for text in ["2.10.0", "2.9.0", "2.10.0-rc.1"]]
    assert sorted(versions, key=lambda version: version.order) == ["2.9.0", "2.10.0-rc.1", "2.10.0"]


def test_cron_keeps_the_hour_when_the_clocks_change() -> None:
    cron, zone = Cron.parse("0 8 * * *"), TimeZone.parse("Europe/Berlin")
    before = cron.next(datetime(2025, 3, 28, 12, tzinfo=UTC), zone)
    after = cron.next(datetime(2025, 3, 30, 12, tzinfo=UTC), zone)
    assert (before.hour, before.astimezone(UTC).hour) == (8, 7)
    assert (after.hour, after.astimezone(UTC).hour) == (8, 6)
