"""Requests that are sent again: the decision alone, then the whole client on fake time."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale import (
    FlowScaleConflictError,
    FlowScaleNetworkError,
    FlowScaleRateLimitError,
    FlowScaleServerError,
    FlowScaleTimeoutError,
)
from flowscale._core.requests import Request
from flowscale._core.retries import (
    LONGEST_DELAY,
    backoff,
    delay_before_next,
    read_retry_after,
)
from flowscale.testing.clock import EPOCH

SAFE = Request("GET", "runs")
KEYED = Request("POST", "runs", headers={"Idempotency-Key": "k"})
BARE = Request("POST", "runs")


@pytest.mark.parametrize(
    ("request_", "failures", "retry_after", "delay"),
    [
        (SAFE, 1, None, 0.5),
        (SAFE, 2, None, 1.0),
        (SAFE, 3, None, 2.0),
        (SAFE, 4, None, None),
        (KEYED, 1, None, 0.5),
        (BARE, 1, None, None),
        (BARE, 1, 1.0, None),
        (SAFE, 1, 7.0, 7.0),
        (SAFE, 1, 0.0, 0.0),
        (SAFE, 1, 60.0, 60.0),
        (SAFE, 1, 61.0, None),
        (SAFE, 4, 1.0, None),
    ],
)
def test_the_decision(request_, failures, retry_after, delay):
    decided = delay_before_next(request_, failures=failures, max_retries=3, retry_after=retry_after, dice=1.0)
    assert decided == delay


@given(st.integers(1, 50), st.floats(0, 1))
def test_a_pause_is_between_half_and_the_whole_of_its_step(failures, dice):
    whole = backoff(failures, 1.0)
    assert whole / 2 <= backoff(failures, dice) <= whole <= LONGEST_DELAY


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("Tue, 14 Nov 2023 22:13:30 GMT", 10.0),
        ("Tue, 14 Nov 2023 22:13:10 GMT", 0.0),
        ("soon", None),
        ("-4", None),
        ("", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    assert read_retry_after({"retry-after": header}, EPOCH) == seconds


@given(st.text())
def test_no_retry_after_breaks_the_client(header):
    assert (read_retry_after({"retry-after": header}, EPOCH) or 0) >= 0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_failure_that_passes_is_not_seen_and_makes_one_run(bench, status):
    bench.server.fail(status, times=2)
    assert bench(bench.runs.execute(prompt="x")).ok
    keys = {request.headers["idempotency-key"] for request in bench.server.requests}
    assert (bench.paths(), len(keys), len(bench.server.runs)) == (["POST runs"] * 3, 1, 1)


def test_each_call_has_a_key_of_its_own(bench):
    for _ in range(2):
        bench(bench.runs.execute(prompt="x"))
    assert len({request.headers["idempotency-key"] for request in bench.server.requests}) == 2


def test_the_servers_patience_is_kept_to_the_second(bench):
    bench.server.fail(429, retry_after=7)
    bench(bench.runs.execute(prompt="x"))
    assert bench.server.clock.slept == [7]


def test_a_server_that_asks_for_too_much_patience_gets_none(bench):
    bench.server.fail(429, retry_after=3600, code="RATE_LIMITED")
    with pytest.raises(FlowScaleRateLimitError) as raised:
        bench(bench.runs.execute(prompt="x"))
    assert (raised.value.retry_after, raised.value.temporary, bench.server.clock.slept) == (3600, True, [])


def test_retries_come_to_an_end(make):
    bench = make(client={"max_retries": 2})
    bench.server.fail(503, times=10)
    with pytest.raises(FlowScaleServerError):
        bench(bench.runs.execute(prompt="x"))
    assert len(bench.paths()) == 3


def test_no_retries_where_none_are_wanted(make):
    bench = make(client={"max_retries": 0})
    bench.server.fail(503)
    with pytest.raises(FlowScaleServerError):
        bench(bench.runs.execute(prompt="x"))
    assert (len(bench.paths()), bench.server.clock.slept) == (1, [])


def test_a_retry_does_not_outlast_the_deadline(bench):
    bench.server.fail(503, times=10, retry_after=30)
    with pytest.raises(FlowScaleServerError):
        bench(bench.runs.execute(prompt="x", timeout=20))
    assert bench.server.clock.now() == 0


@pytest.mark.parametrize("image", [None, b"\x89PNG bytes"])
@pytest.mark.parametrize("error", [httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError])
def test_a_lost_answer_does_not_start_a_second_run(bench, error, image):
    bench.server.drop(error, method="POST", after=True)
    assert bench(bench.runs.execute(prompt="x", image=image)).ok
    assert (len(bench.server.runs), len(bench.server.requests)) == (1, 2)
    first, second = bench.server.requests
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]


def test_a_file_is_sent_whole_again(bench, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(b"photo" * 50_000)
    bench.server.fail(503, times=2)
    with path.open("rb") as stream:
        bench(bench.runs.execute(path=path, stream=stream))
    (run,) = bench.server.runs.values()
    assert {upload.content for upload in run.inputs.values()} == {b"photo" * 50_000}
    assert {upload.filename for upload in run.inputs.values()} == {"photo.png"}


def test_what_can_be_read_only_once_is_sent_again_too(bench):
    class Pipe:
        def read(self):
            content, self.content = self.content, b""
            return content

        content = b"through a pipe"

    bench.server.fail(503, times=2)
    bench(bench.runs.execute(image=Pipe()))
    (run,) = bench.server.runs.values()
    assert run.inputs["image"].content == b"through a pipe"


def test_a_key_of_ones_own_finds_the_run_again_and_tells_other_inputs_apart(bench):
    one = bench(bench.runs.execute(prompt="x", idempotency_key="order-7"))
    two = bench(bench.runs.execute(prompt="x", idempotency_key="order-7"))
    assert one.run_id == two.run_id
    with pytest.raises(FlowScaleConflictError, match="another request"):
        bench(bench.runs.execute(prompt="y", idempotency_key="order-7"))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 410, 413, 422])
def test_what_cannot_help_is_not_tried_again(bench, status):
    bench.server.fail(status, times=2)
    with pytest.raises(Exception, match="It failed"):
        bench(bench.client.health())
    assert len(bench.paths()) == 1


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(httpx.ConnectError, FlowScaleNetworkError), (httpx.ConnectTimeout, FlowScaleTimeoutError)],
)
def test_a_server_that_stays_away_is_reported_with_its_cause(bench, theirs, ours):
    bench.server.drop(theirs, times=10)
    with pytest.raises(ours) as raised:
        bench(bench.client.health())
    assert isinstance(raised.value.__cause__, theirs)
    assert len(bench.paths()) == 4
