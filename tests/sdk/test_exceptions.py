"""The tree of errors is as drawn, and every status and every error of httpx has its place in it."""

import inspect
import json
import re
from http import HTTPStatus

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flowscale
from flowscale import exceptions
from flowscale._client.wire import translated
from flowscale._core import replies
from flowscale._core.requests import Reply, Request

ALL = {
    name: value
    for name, value in vars(exceptions).items()
    if inspect.isclass(value) and issubclass(value, exceptions.FlowScaleError)
}
TABLE = {
    400: "Validation", 401: "Authentication", 402: "Budget", 403: "Permission", 404: "NotFound", 405: "Validation",
    406: "Validation", 408: "Timeout", 409: "Conflict", 410: "RunFailed", 411: "Validation", 412: "Validation",
    413: "Validation", 414: "Validation", 415: "Validation", 416: "Validation", 417: "Validation", 418: "Validation",
    421: "Validation", 422: "Validation", 423: "Validation", 424: "Validation", 425: "Validation", 426: "Validation",
    428: "Validation", 429: "RateLimit", 431: "Validation", 407: "Validation", 451: "Validation",
    500: "Server", 501: "Server", 502: "Server", 503: "Server", 504: "Server", 505: "Server", 506: "Server",
    507: "Server", 508: "Server", 510: "Server", 511: "Server",
}  # fmt: skip
REQUEST = Request("GET", "runs")


def drawn() -> list[tuple[int, str]]:
    """Depth and name of each line of the tree in the docstring."""
    lines = re.findall(r"^( +)(FlowScale\w+)", exceptions.__doc__, re.MULTILINE)
    return [(len(indent) // 4, name) for indent, name in lines]


def test_the_drawn_tree_is_the_real_one():
    path, parents = [], {}
    for depth, name in drawn():
        path[depth - 1 :] = [name]
        parents[name] = path[depth - 2] if depth > 1 else "Exception"
    assert {name: kind.__bases__[0].__name__ for name, kind in ALL.items()} == parents


def test_every_error_is_public_and_says_what_it_is():
    assert set(ALL) <= set(flowscale.__all__)
    assert all(kind.__doc__ for kind in ALL.values())


def test_every_error_status_has_its_error(bench):
    assert set(TABLE) == {status.value for status in HTTPStatus if status >= 400}
    for status, name in TABLE.items():
        bench.server.fail(status, times=4)
        with pytest.raises(exceptions.FlowScaleError) as raised:
            bench(bench.client.health())
        assert (type(raised.value), raised.value.status) == (ALL[f"FlowScale{name}Error"], status)
        bench.server._faults.waiting.clear()


def transport_errors(base: type = httpx.RequestError) -> list[type]:
    return [kind for child in base.__subclasses__() for kind in (child, *transport_errors(child))]


@pytest.mark.parametrize("theirs", [*transport_errors(), httpx.InvalidURL], ids=lambda kind: kind.__name__)
def test_no_error_of_httpx_gets_out(theirs):
    with pytest.raises(exceptions.FlowScaleError) as raised, translated(REQUEST):
        raise theirs("why")
    assert isinstance(raised.value.__cause__, theirs)
    assert "why" in str(raised.value)
    assert isinstance(raised.value, TimeoutError) == issubclass(theirs, httpx.TimeoutException)


def test_an_error_holds_all_that_the_server_said(bench):
    details = {"field": "prompt", "reason": "exceeds_max_length", "max_length": 1000}
    bench.server.fail(422, code="VALIDATION_ERROR", message="prompt is too long", details=details)
    with pytest.raises(exceptions.FlowScaleValidationError) as raised:
        bench(bench.runs.execute(prompt="x"))
    error = raised.value
    assert (error.status, error.code, error.details, error.errors) == (
        422, "VALIDATION_ERROR", details, ("prompt is too long",),
    )  # fmt: skip
    assert str(error) == "prompt is too long (POST runs: 422 VALIDATION_ERROR)"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"status":"error","errors":["one","two"]}', "one; two (GET runs: 400)"),
        (b'{"status":"error","errors":"only a text"}', "only a text (GET runs: 400)"),
        (b"<html>Bad gateway</html>", "Bad Request: '<html>Bad gateway</html>' (GET runs: 400)"),
        (b"", "Bad Request (GET runs: 400)"),
        (b"[1]", "Bad Request: '[1]' (GET runs: 400)"),
    ],
)
def test_other_shapes_of_errors_are_read_too(body, message):
    assert str(replies.error_of(REQUEST, Reply(400, {}, body), None)) == message


@given(st.integers(300, 999), st.binary())
def test_every_failed_answer_becomes_an_error(status, body):
    error = replies.error_of(REQUEST, Reply(status, {}, body), None)
    assert error.status == status


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
        st.sampled_from(["error", "errors", "code", "message", "details", "status", "data"]), inner))
)  # fmt: skip
def test_no_json_breaks_the_reading_of_errors(value):
    replies.error_of(REQUEST, Reply(500, {}, json.dumps(value).encode()), None)
    replies.run_error({"run_id": "r", "status": "failed", "error": value})


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b'{"status":"success"}', b"\xff"])
def test_a_success_that_is_not_ours_is_a_protocol_error(bench, body):
    bench.server.answer(httpx.Response(200, content=body))
    with pytest.raises(exceptions.FlowScaleProtocolError, match="is base_url right"):
        bench(bench.client.health())


def test_a_redirect_is_not_followed_with_the_key(bench):
    bench.server.answer(httpx.Response(301, headers={"Location": "https://elsewhere.example/"}))
    with pytest.raises(exceptions.FlowScaleProtocolError, match=r"elsewhere\.example.*base_url"):
        bench(bench.client.health())
    assert len(bench.server.requests) == 1


def test_a_wrong_key_is_named_as_such_and_not_shown(make):
    bench = make(client={"api_key": "fs_wrong_secret"})
    with pytest.raises(exceptions.FlowScaleAuthenticationError) as raised:
        bench(bench.client.health())
    assert "fs_wrong_secret" not in str(raised.value) + repr(raised.value)
