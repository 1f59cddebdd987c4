"""The bar: on a terminal's stderr, and nowhere else."""

import sys

import pytest

from flowscale import FlowScaleClient, FlowScaleConflictError, Progress
from flowscale_cli.errors import Interrupted
from flowscale_cli.progress import bar, followed


def test_where_nobody_looks_there_is_no_bar() -> None:
    with bar() as tell:
        assert tell is None


def test_a_terminal_shows_a_bar_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with bar() as tell:
        assert tell
        tell(Progress("run", "running", 40.0, "progress"))
    heard = capsys.readouterr()
    assert heard.out == ""
    assert "running" in heard.err
    assert "40%" in heard.err


class Runs:
    """A client that is interrupted while it waits; it may also fail to cancel."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.runs, self.cancelled, self._refusal = self, [], refusal

    def wait_for_completion(self, run_id: str, **options: object) -> None:
        raise KeyboardInterrupt

    def cancel(self, run_id: str) -> None:
        self.cancelled.append(run_id)
        if self._refusal:
            raise self._refusal


def follow(runs: Runs) -> None:
    client: FlowScaleClient = runs  # type: ignore[assignment]
    followed(client, "one", 5.0)


def test_an_interrupted_run_is_cancelled() -> None:
    runs = Runs()
    with pytest.raises(Interrupted, match="interrupted: run one was cancelled"):
        follow(runs)
    assert runs.cancelled == ["one"]


def test_a_run_that_could_not_be_cancelled_is_said() -> None:
    with pytest.raises(Interrupted, match="could not be cancelled: it has ended"):
        follow(Runs(FlowScaleConflictError("it has ended")))
