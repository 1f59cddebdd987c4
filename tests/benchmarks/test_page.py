"""What benchmarks find is put between the markers of the page, and what isn't measured stays."""

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest

PAGE = """\
# Performance

<!-- begin goals -->
<!-- end goals -->
<!-- begin machine -->
<!-- end machine -->
<!-- begin cache -->
old
<!-- end cache -->
"""


@pytest.fixture
def page(benchmarks: Path) -> SimpleNamespace:
    """The modules of the page."""
    return SimpleNamespace(
        page=importlib.import_module("page"), measuring=importlib.import_module("measuring")
    )


def report(page: SimpleNamespace, value: float) -> object:
    measuring = page.measuring
    table = measuring.Table("Title", ("what", "ms"), [("a", "1.00")])
    return measuring.Report(
        [table], {"cached": measuring.Measured(value, beside="computing it 100")}, ["said"]
    )


def test_a_report_replaces_what_stood_between_its_markers(page: SimpleNamespace) -> None:
    text = page.page.written(PAGE, {"cache": report(page, 3.0)})
    assert "old" not in text
    assert "**Title**\n\n| what | ms |\n| --- | ---: |\n| a | 1.00 |\n\n- said\n<!-- end cache -->" in text


def test_a_goal_that_was_missed_says_so(page: SimpleNamespace) -> None:
    assert "| 3.00 ms | computing it 100 |" in page.page.written(PAGE, {"cache": report(page, 3.0)})
    assert "| 30.00 ms, missed | computing it 100 |" in page.page.written(PAGE, {"cache": report(page, 30.0)})


def test_goals_that_were_not_measured_again_keep_their_answers(page: SimpleNamespace) -> None:
    once = page.page.written(PAGE, {"cache": report(page, 3.0)})
    again = page.page.written(once, {})
    assert again == once
    assert again.count("not yet") == len(page.page.GOALS) - 1


def test_the_page_in_the_repository_has_a_place_for_every_benchmark(page: SimpleNamespace) -> None:
    text = page.page.PAGE.read_text()
    for name in ("goals", "machine", *importlib.import_module("all").BENCHMARKS):
        page.page.held(text, name)


def test_a_page_without_markers_is_refused(page: SimpleNamespace) -> None:
    with pytest.raises(SystemExit, match="no markers for 'cache'"):
        page.page.written(PAGE.replace("begin cache", "begin other"), {"cache": report(page, 1.0)})
