"""What a client hears over the WebSocket, in which order, and who hears what."""

import json
import struct
import uuid

import pytest

pytestmark = pytest.mark.services


def steps(count=2, salt=None):
    return {
        "1": {"class_type": "TestSteps", "inputs": {"count": count, "salt": salt or uuid.uuid4().hex}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }


async def test_the_first_message_is_the_status_with_the_clients_id(client):
    ears = await client.listen("me")
    kind, data = ears.greeting
    assert (kind, data["sid"]) == ("status", "me")
    assert data["status"]["exec_info"]["queue_remaining"] >= 0


async def test_a_client_without_an_id_is_given_one(client):
    assert len((await client.listen(" ")).greeting[1]["sid"]) >= 1


async def test_messages_come_in_the_order_that_clients_know(client, kit):
    prompt_id, heard = await client.run(steps())
    order = kit.kinds(heard, "progress_state", "progress")
    assert order == [
        *["status", "status", "execution_start", "execution_cached"],
        *["executing", "binary", "executing", "executed"],
        *["execution_success", "status", "executing"],
    ]
    assert {
        data["prompt_id"] for kind, data in filter(lambda m: isinstance(m, tuple), heard) if kind != "status"
    } == {prompt_id}
    assert [data["node"] for data in kit.only(heard, "executing")] == ["1", "2", None]
    assert kit.only(heard, "executed") == [
        {"node": "2", "display_node": "2", "output": {"text": ["2 steps"]}, "prompt_id": prompt_id}
    ]
    assert kit.only(heard, "execution_cached")[0]["nodes"] == []
    remaining = [data["status"]["exec_info"]["queue_remaining"] for data in kit.only(heard, "status")]
    assert remaining == [1, 1, 0]


async def test_the_last_step_is_told_and_the_last_state_has_every_node(client, kit):
    prompt_id, heard = await client.run(steps(5))
    assert kit.only(heard, "progress")[-1] == {"value": 5, "max": 5, "node": "1", "prompt_id": prompt_id}
    last = kit.only(heard, "progress_state")[-1]
    assert {node: state["state"] for node, state in last["nodes"].items()} == {
        "1": "finished",
        "2": "finished",
    }
    assert last["nodes"]["1"] == {
        "value": 1,
        "max": 1,
        "state": "finished",
        "node_id": "1",
        "prompt_id": prompt_id,
        "display_node_id": "1",
        "parent_node_id": None,
        "real_node_id": "1",
    }


async def test_a_cached_node_is_not_executing_and_a_cached_output_is_executed_again(client, kit):
    graph = steps()
    await client.run(graph)
    _, heard = await client.run(graph)
    assert sorted(kit.only(heard, "execution_cached")[0]["nodes"]) == ["1", "2"]
    assert [data["node"] for data in kit.only(heard, "executing")] == [None]
    assert [data["node"] for data in kit.only(heard, "executed")] == ["2"]


async def test_a_preview_is_a_picture_with_its_kind_in_front(client):
    _, heard = await client.run(steps())
    [frame] = [one for one in heard if isinstance(one, bytes)]
    assert struct.unpack(">II", frame[:8]) == (1, 1)
    assert frame[8:].startswith(b"\xff\xd8")


async def test_a_client_that_wants_it_is_told_whose_preview_it_is(client):
    ears = await client.listen(supports_preview_metadata=True)
    assert ears.answer[0] == "feature_flags"
    assert ears.answer[1]["supports_preview_metadata"] is True
    prompt_id = (await client.post(steps()))["prompt_id"]
    heard = await ears.until_end(prompt_id)
    [frame] = [one for one in heard if isinstance(one, bytes)]
    kind, size = struct.unpack(">II", frame[:8])
    facts = json.loads(frame[8 : 8 + size])
    assert kind == 4
    assert facts == {
        "node_id": "1",
        "prompt_id": prompt_id,
        "display_node_id": "1",
        "parent_node_id": None,
        "real_node_id": "1",
        "image_type": "image/jpeg",
    }
    assert frame[8 + size :].startswith(b"\xff\xd8")


async def test_only_the_first_message_may_announce_features(client):
    ears = await client.listen()
    await ears.socket.send("not json")
    await ears.socket.send(json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}}))
    prompt_id = (await client.post(steps()))["prompt_id"]
    heard = await ears.until_end(prompt_id)
    assert not [one for one in heard if isinstance(one, tuple) and one[0] == "feature_flags"]
    assert struct.unpack(">I", next(one for one in heard if isinstance(one, bytes))[:4]) == (1,)


async def test_others_hear_of_the_queue_alone(client, kit):
    other = await client.listen("somebody-else")
    mine = await client.listen()
    prompt_id = (await client.post(steps()))["prompt_id"]
    await mine.until_end(prompt_id)
    heard = await other.until("status", status={"exec_info": {"queue_remaining": 0}})
    assert set(kit.kinds(heard)) == {"status"}


async def test_a_prompt_without_a_client_tells_nobody(client, kit):
    ears = await client.listen()
    reply = await client.http.post("/prompt", json={"prompt": steps()})
    heard = await ears.until("status", status={"exec_info": {"queue_remaining": 0}})
    assert set(kit.kinds(heard)) == {"status"}
    assert (await client.history(reply.json()["prompt_id"]))["status"]["completed"] is True


async def test_a_failing_node_is_told_with_its_traceback_and_kept(client, kit):
    graph = {
        "1": {"class_type": "TestFail", "inputs": {"message": "no way"}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    prompt_id, heard = await client.run(graph)
    assert kit.kinds(heard, "progress_state")[-3:] == ["execution_error", "status", "executing"]
    [error] = kit.only(heard, "execution_error")
    assert {name: error[name] for name in ("prompt_id", "node_id", "node_type", "executed")} == {
        "prompt_id": prompt_id,
        "node_id": "1",
        "node_type": "TestFail",
        "executed": [],
    }
    assert (error["exception_type"], error["exception_message"]) == ("ValueError", "no way")
    assert any("raise ValueError" in line for line in error["traceback"])
    assert error["current_inputs"] == {"message": ["no way"]}
    entry = await client.history(prompt_id)
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    kind, kept = entry["status"]["messages"][-1]
    assert kind == "execution_error"
    assert {key: kept[key] for key in error if key != "timestamp"} == {
        key: error[key] for key in error if key != "timestamp"
    }


async def test_an_expanded_node_is_shown_as_the_one_that_it_came_from(client, kit):
    graph = {
        "1": {"class_type": "TestExpand", "inputs": {"count": 2, "salt": uuid.uuid4().hex}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    _, heard = await client.run(graph)
    executing = [(data["node"], data.get("display_node")) for data in kit.only(heard, "executing")]
    assert executing[0] == ("1", "1")
    inner = next(node for node, display in executing if node not in {"1", "2", None} and display == "1")
    state = kit.only(heard, "progress_state")[-1]["nodes"][inner]
    assert (state["parent_node_id"], state["real_node_id"]) == ("1", "1")


async def test_who_comes_back_is_told_what_runs_and_hears_its_end(client, tmp_path):
    graph = {
        "1": {"class_type": "TestWait", "inputs": {"path": str(tmp_path / "go")}},
        "2": {"class_type": "TestShow", "inputs": {"text": ["1", 0]}},
    }
    ears = await client.listen()
    prompt_id = (await client.post(graph))["prompt_id"]
    await ears.until("executing", node="1", prompt_id=prompt_id)
    await ears.socket.close()
    back = await client.listen()
    assert (await back.next()) == ("executing", {"node": "1", "display_node": "1", "prompt_id": prompt_id})
    (tmp_path / "go").touch()
    heard = await back.until_end(prompt_id)
    assert "execution_success" in [one[0] for one in heard if isinstance(one, tuple)]
