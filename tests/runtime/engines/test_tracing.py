"""A traced job: every node is told in order, and files stay where the job's folders are."""

import pytest

from flowscale_runtime.engines.inprocess import Engine
from flowscale_runtime.nodes import folders, packs

GRAPH = {
    "1": {"class_type": "FSLoadText", "inputs": {"default_value": "hello", "label": ""}},
    "2": {"class_type": "FSSaveText", "inputs": {"text": ["1", 0], "filename_prefix": "said", "label": ""}},
}


@pytest.fixture
def engine(tmp_path):
    places = [tmp_path / name for name in ("input", "output", "temp", "user")]
    for place in places:
        place.mkdir()
    folders.use(folders.Folders(*places))
    sent = []
    engine = Engine(packs.load().classes, lambda head, blob: sent.append(head))
    engine.sent = sent
    return engine


@pytest.fixture
def job(tmp_path):
    own = {name: tmp_path / "own" / name for name in ("input", "output", "temp")}
    for place in own.values():
        place.mkdir(parents=True)
    own = {name: str(place) for name, place in own.items()}
    return {"graph": GRAPH, "targets": ["2"], "trace": True, "folders": own}


def told(engine):
    return [event for head in engine.sent if head["type"] == "nodes" for event in head["events"]]


def test_every_node_is_told_in_order(engine, job):
    result = engine.run(job)
    assert [event[:2] for event in told(engine)] == [
        ["cached", []],
        *[["start", "1"], ["done", "1"], ["start", "2"], ["done", "2"]],
    ]
    assert result["trace"]["ran"] == ["1", "2"]
    assert result["trace"]["ui"].keys() == {"2"}


def test_files_stay_in_the_jobs_folders_and_are_copied_for_the_worker(engine, job, tmp_path):
    result = engine.run(job)
    [output] = result["outputs"]
    name = output["metadata"]["filename"]
    assert (tmp_path / "own" / "output" / name).read_text() == "hello"
    assert output["path"].startswith(str(tmp_path / "output"))
    assert (output["metadata"]["subfolder"], output["metadata"]["type"]) == ("", "output")
    assert folders.current().output == tmp_path / "output"


def test_a_known_output_is_not_computed_again(engine, job):
    engine.run(job)
    engine.sent.clear()
    result = engine.run(job)
    assert sorted(result["trace"]["cached"]) == ["1", "2"]
    assert result["trace"]["ran"] == []
    assert [event[0] for event in told(engine)] == ["cached", "done"]
    assert len(result["outputs"]) == 1


def test_what_a_plain_job_left_is_not_taken_for_a_traced_ones(engine, job):
    engine.run({"graph": GRAPH, "targets": ["2"]})
    assert not told(engine)
    assert engine.run(job)["trace"]["ran"] == ["2"]


def test_forgetting_lets_everything_run_again(engine, job):
    engine.run(job)
    engine.forget()
    assert engine.run(job)["trace"]["ran"] == ["1", "2"]


def test_a_question_is_answered_in_the_folders_that_it_names(engine, job, tmp_path):
    graph = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    (tmp_path / "own" / "input" / "x.png").write_bytes(b"there")
    assert engine.check({"graph": graph})["ok"] is False
    assert engine.check({"graph": graph, "folders": job["folders"]})["targets"] == ["2"]
