"""Output nodes whose files are taken away after each run."""

from flowscale_runtime.graph.executor import Executor


def test_output_nodes_run_again_and_what_feeds_them_does_not():
    calls = []

    class Make:
        RETURN_TYPES = ("INT",)
        FUNCTION = "run"
        CATEGORY = "tests"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {}}

        def run(self):
            calls.append("make")
            return (1,)

    class Save(Make):
        RETURN_TYPES = ()
        OUTPUT_NODE = True

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"value": ("INT",)}}

        def run(self, value):
            calls.append("save")
            return {"ui": {"files": [{"filename": "x"}]}}

    graph = {
        "1": {"class_type": "Make", "inputs": {}},
        "2": {"class_type": "Save", "inputs": {"value": ["1", 0]}},
    }
    executor = Executor({"Make": Make, "Save": Save}, repeat_outputs=True)
    outcomes = [executor.run(graph) for _ in range(2)]
    assert calls == ["make", "save", "save"]
    assert [outcome.ui for outcome in outcomes] == [{"2": {"files": [{"filename": "x"}]}}] * 2
