"""Traces are read from what people have, and faults name file and line."""

from pathlib import Path

import pytest

from flowscale_controllers.errors import TraceError
from flowscale_controllers.rehearsal.traces import Arrival, read


def written(folder: Path, text: str) -> Path:
    path = folder / "trace"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "arrivals"),
    [
        ("at,seconds,deployment\n5,2.5,a\n1,,\n", [Arrival(1.0), Arrival(5.0, 2.5, "a")]),
        ("timestamp\n2024-01-01T00:00:00Z\n", [Arrival(1704067200.0)]),
        ('{"at": 3}\n\n{"at": 1, "seconds": 2}\n', [Arrival(1.0, 2.0), Arrival(3.0)]),
        (
            '[{"created_at": "2024-01-01T01:00:00+01:00", "execution_time": 4, "workflow_id": "p", "cost": 1}]',
            [Arrival(1704067200.0, 4.0, "p")],
        ),
    ],
    ids=["csv", "iso times", "json lines", "what `flowscale runs --json` prints"],
)
def test_formats(tmp_path: Path, text: str, arrivals: list[Arrival]) -> None:
    assert read(written(tmp_path, text)) == arrivals


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no arrivals"),
        ("at\n1\nsoon\n", "trace:3: 'soon' is neither a number of seconds nor a time"),
        ("when\n1\n", "trace:2: no time"),
        ("at\n2024-01-01T00:00:00\n", "trace:2: 2024-01-01T00:00:00 has no time zone"),
        ('{"at": 1}\n{"at"', "trace:2: this is not JSON"),
        ('{"at": 1, "seconds": -1}', "trace:1: -1 is neither"),
        ("[3]", "trace:1: a run is an object"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TraceError, match=message):
        read(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="can't be read"):
        read(tmp_path / "none.csv")
