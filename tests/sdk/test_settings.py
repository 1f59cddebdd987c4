"""Setting a client up: arguments, environment, secrets that stay secret."""

import logging

import pytest

from flowscale import AsyncFlowScaleClient, FlowScaleClient, FlowScaleConfigurationError, FlowScaleError
from flowscale._core.settings import Settings
from flowscale.testing import FakeServer, MockFlowScaleClient

SECRET = "fs_live_4f9c2"


def test_the_environment_stands_in_for_arguments(monkeypatch):
    monkeypatch.setenv("FLOWSCALE_API_KEY", f" {SECRET}\n")
    monkeypatch.setenv("FLOWSCALE_BASE_URL", "https://from.environment/api/v1/")
    server = FakeServer(api_key=SECRET)
    client = FlowScaleClient(transport=server)
    assert repr(client) == "FlowScaleClient('https://from.environment')"
    client.health()
    assert str(server.requests[0].url) == "https://from.environment/api/v1/comfy/health"
    assert repr(FlowScaleClient(base_url="https://given")) == "FlowScaleClient('https://given')"


@pytest.mark.parametrize("kind", [FlowScaleClient, AsyncFlowScaleClient])
def test_without_a_server_nothing_starts(kind):
    with pytest.raises(FlowScaleConfigurationError, match="FLOWSCALE_BASE_URL"):
        kind("key")


@pytest.mark.parametrize(
    "url", ["localhost:8000", "ftp://x", "https://", "https://user:pass@x", "https://x?key=1", "/api"]
)
def test_a_url_that_leads_nowhere_is_refused(url):
    with pytest.raises(FlowScaleConfigurationError, match="base_url must look like"):
        FlowScaleClient("key", url)


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
def test_a_key_that_cannot_be_a_header_is_refused_unshown(key):
    with pytest.raises(FlowScaleConfigurationError) as raised:
        FlowScaleClient(key, "https://x")
    assert key not in str(raised.value)


def test_a_server_may_need_no_key():
    server = FakeServer()
    with pytest.raises(FlowScaleError):
        FlowScaleClient(base_url="http://x", transport=server, clock=server.clock).health()
    assert "x-api-key" not in server.requests[0].headers


def test_a_path_before_the_api_is_kept():
    server = FakeServer()
    with pytest.raises(FlowScaleError):
        FlowScaleClient("k", "https://host/tenant/", transport=server, clock=server.clock).health()
    assert server.requests[0].url.path == "/tenant/api/v1/comfy/health"


def test_secrets_are_in_no_repr():
    client = FlowScaleClient(SECRET, "https://x", signing_secret="sign_5d1")
    shown = f"{client!r} {client!s} {client._core!r} {client._core.settings!r} {client.runs!r}"
    assert SECRET not in shown
    assert "sign_5d1" not in shown
    assert repr(Settings("https://x", SECRET)).startswith("Settings(base_url='https://x', timeout=30.0")


def test_secrets_are_in_no_log_and_no_error(caplog):
    server = FakeServer(api_key=SECRET)
    client = MockFlowScaleClient(server, logging_level=logging.DEBUG, signing_secret="sign_5d1")
    server.fail(503, times=2)
    server.drop(times=1, path="/files/")
    with caplog.at_level(logging.DEBUG):
        _ = client.runs.execute(prompt="x").outputs[0].data
        server.fail(401)
        with pytest.raises(FlowScaleError) as raised:
            client.health()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "trying again in" in logged
    assert SECRET not in logged + repr(raised.value)
    assert "sign_5d1" not in logged


def test_logging_level_is_that_of_our_logger_alone(monkeypatch):
    monkeypatch.setattr(logging.getLogger("flowscale"), "level", logging.NOTSET)
    root = logging.getLogger().level
    MockFlowScaleClient(logging_level=logging.INFO)
    assert (logging.getLogger("flowscale").level, logging.getLogger().level) == (logging.INFO, root)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://far.example", True),
        ("https://far.example", False),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
    ],
)
def test_a_key_that_crosses_the_network_in_clear_is_warned_of(caplog, url, warned):
    FlowScaleClient(SECRET, url)
    assert ("unencrypted" in caplog.text) == warned


def test_timeouts_reach_httpx(make):
    bench = make(client={"timeout": 7.0, "connect_timeout": 3.0})
    bench(bench.client.health())
    assert bench.server.requests[0].extensions["timeout"] == {
        "connect": 3.0,
        "read": 7.0,
        "write": 7.0,
        "pool": 7.0,
    }


def test_waiting_at_the_server_stays_below_the_read_timeout(make):
    bench = make(client={"timeout": 8.0}, duration=20)
    bench(bench.runs.execute(prompt="x"))
    assert bench.server.requests[0].headers["prefer"] == "wait=4"


def test_the_client_says_who_it_is(bench):
    bench(bench.client.health())
    assert bench.server.requests[0].headers["user-agent"].startswith("flowscale-sdk-python/")


def test_a_closed_client_says_so():
    with MockFlowScaleClient() as client:
        client.health()
    with pytest.raises(RuntimeError, match="closed"):
        client.health()


def test_a_wrong_scheme_in_an_output_is_our_error():
    client = FlowScaleClient("k", "https://x")
    output = client.bind({"run_id": "r", "outputs": [{"url": "gopher://x", "filename": "o"}]}).outputs[0]
    with pytest.raises(FlowScaleConfigurationError):
        _ = output.data
