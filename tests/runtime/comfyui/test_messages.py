"""The hub on its own: what is told of events that are hard to bring about."""

import orjson
import pytest

from flowscale_runtime.gateway.comfyui.hub import Hub
from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.records import previews
from flowscale_runtime.gateway.comfyui.session import MOST, Session
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.values import Event


def hub():
    return Hub(Bus(), lambda: 5_000_000, lambda run_id: None)


def heard(session):
    return [orjson.loads(frame) for frame in session._frames]


def joined(made, prompt):
    session = Session("me")
    made.expect(prompt)
    made.join(session)
    session._frames.clear()
    return session


def nodes(*events):
    return Event("p", 0, "nodes", {"events": list(events)})


async def test_a_run_that_is_given_back_starts_again():
    made, prompt = hub(), Prompt("p", "me")
    session = joined(made, prompt)
    made.take(prompt, Event("p", 1, "queued", {}))
    made.take(prompt, Event("p", 2, "started", {}))
    made.take(prompt, nodes(["cached", []], ["start", "1"]))
    made.take(prompt, Event("p", 3, "queued", {"reason": "its worker died"}))
    assert (prompt.started, prompt.node, prompt.states) == (False, None, {})
    made.take(prompt, Event("p", 4, "started", {}))
    assert [one["type"] for one in heard(session)].count("execution_start") == 2
    made.drop("p")


@pytest.mark.parametrize("state", ["failed", "timed_out"])
async def test_a_run_that_ends_outside_of_its_nodes_is_an_error_too(state):
    made, prompt = hub(), Prompt("p", "me")
    session = joined(made, prompt)
    made.take(prompt, Event("p", 1, "started", {}))
    error = {"code": "TIMEOUT", "message": "too long", "details": {}}
    made.take(prompt, Event("p", 2, state, {"error": error}))
    [told] = [one["data"] for one in heard(session) if one["type"] == "execution_error"]
    assert (told["exception_type"], told["exception_message"], told["node_id"]) == (
        "TIMEOUT",
        "too long",
        None,
    )
    assert heard(session)[-1] == {"type": "executing", "data": {"node": None, "prompt_id": "p"}}
    assert made.remaining == 0


async def test_a_blocked_node_is_told_and_the_run_goes_on():
    made, prompt = hub(), Prompt("p", "me", classes={"3": "Switch"})
    session = joined(made, prompt)
    made.take(prompt, nodes(["blocked", "3", "not now"]))
    [told] = [one["data"] for one in heard(session) if one["type"] == "execution_error"]
    assert (told["exception_type"], told["node_type"]) == ("ExecutionBlocked", "Switch")
    assert "p" in made.prompts


async def test_states_of_all_nodes_are_told_once_in_a_while():
    made, prompt = hub(), Prompt("p", "me")
    session = joined(made, prompt)
    for number in range(200):
        made.take(prompt, nodes(["start", str(number)], ["done", str(number), None, True]))
    told = [one["data"]["nodes"] for one in heard(session) if one["type"] == "progress_state"]
    assert len(told) == 1
    made.take(prompt, Event("p", 1, "started", {}))
    made.take(prompt, Event("p", 2, "completed", {}))
    told = [one["data"]["nodes"] for one in heard(session) if one["type"] == "progress_state"]
    assert [len(each) for each in told] == [1, 200]


def test_a_client_that_does_not_read_is_let_go():
    session = Session("slow")
    for _ in range(MOST + 5):
        session.put("x")
    assert len(session._frames) == MOST
    assert session._over


def test_a_newer_socket_of_a_client_takes_the_place_of_the_older():
    made, old, new = hub(), Session("me"), Session("me")
    made.join(old)
    made.join(new)
    made.leave(old)
    assert made.sessions == {"me": new}
    made.leave(new)
    assert made.sessions == {}


@pytest.mark.parametrize(
    ("shown", "best"),
    [
        (
            {
                "1": {"images": [{"filename": "t.png", "type": "temp"}]},
                "2": {"images": [{"filename": "o.png", "type": "output"}]},
            },
            "o.png",
        ),
        ({"1": {"text": ["words"]}, "2": {"images": [{"filename": "t.png", "type": "temp"}]}}, "t.png"),
        ({"1": {"text": ["words"]}, "2": {"text": [{"filename": "o.txt", "type": "output"}]}}, "o.txt"),
    ],
)
def test_saved_pictures_stand_for_a_job_before_all_else(shown, best):
    assert min(previews(shown), key=lambda item: item[0])[1]["filename"] == best
