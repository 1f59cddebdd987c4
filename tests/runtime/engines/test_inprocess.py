"""The in-process engine: results, errors and files, run after run."""

import shutil

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


def job(graph=GRAPH, targets=("2",)):
    return {"graph": graph, "targets": list(targets)}


def test_a_repeated_job_gives_its_files_again_after_they_were_taken(engine):
    results = []
    for _ in range(2):
        results.append(engine.run(job()))
        shutil.rmtree(folders.current().output)
        folders.current().output.mkdir()
    assert [[one["object"] for one in result["outputs"]] for result in results] == [
        [results[0]["outputs"][0]["object"]]
    ] * 2
    assert results[0]["outputs"][0]["content_type"] == "text/plain"
    assert results[0]["outputs"][0]["size"] == 5


def test_an_unknown_class_is_an_error_that_names_it(engine):
    result = engine.run(job({"2": {"class_type": "Nonsense", "inputs": {}}}))
    assert (result["status"], result["error"]["code"]) == ("failed", "INVALID_GRAPH")
    assert "Nonsense" in result["error"]["message"]


def test_a_wrong_value_is_an_error_that_names_node_and_input(engine):
    graph = {**GRAPH, "1": {"class_type": "FSLoadInteger", "inputs": {"default_value": "many", "label": ""}}}
    result = engine.run(
        job(
            {
                "1": graph["1"],
                "2": {
                    "class_type": "FSSaveInteger",
                    "inputs": {"integer": ["1", 0], "filename_prefix": "n", "label": ""},
                },
            }
        )
    )
    assert result["error"]["code"] == "INVALID_GRAPH"
    assert "node 1" in result["error"]["message"]
    assert "default_value" in result["error"]["message"]


def test_progress_is_told_in_per_cent_of_all_nodes(engine):
    engine.run(job())
    told = [head["percent"] for head in engine.sent if head["type"] == "progress"]
    assert told
    assert all(0 <= percent < 100 for percent in told)


def test_the_same_name_means_another_file_in_another_folder_of_models(engine, tmp_path, monkeypatch):
    class Read:
        CATEGORY, FUNCTION, RETURN_TYPES = "tests", "run", ("STRING",)

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"name": (folders.current().model_names("vae"),)}}

        def run(self, name):
            return (folders.current().model("vae", name).read_text(),)

    monkeypatch.setitem(engine._registry, "Read", Read)
    graph = GRAPH | {"1": {"class_type": "Read", "inputs": {"name": "a.safetensors"}}}
    found = []
    for letter in "abab":
        path = tmp_path / letter / "vae" / "a.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(letter)
        result = engine.run(job(graph) | {"models": str(tmp_path / letter)})
        assert result["status"] == "completed", result
        found.append(result["outputs"][0]["object"])
    assert found[0] == found[2] != found[1] == found[3]
    assert folders.current().models == {}
