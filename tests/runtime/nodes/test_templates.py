"""ComfyUI's own templates, as far as their classes are here: each runs from its file to its pictures."""

import importlib.util
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from flowscale_runtime.graph import Executor
from flowscale_runtime.nodes import packs
from flowscale_workflows.conversion import to_api

PAGE = Path(__file__).parents[3] / "docs/reference/templates.md"
NAMES = re.findall(r"^- `(\w+)`$", PAGE.read_text(), re.MULTILINE)


def template(name):
    spec = importlib.util.find_spec("comfyui_workflow_templates_json")
    if spec is None or spec.origin is None:
        pytest.skip("comfyui-workflow-templates-json is not installed")
    return json.loads((Path(spec.origin).parent / "templates" / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_a_template_runs_from_its_file_to_what_it_shows(place, name):
    loaded = packs.load()
    graph = to_api(template(name), loaded.definitions)
    for node in graph.values():
        if node["class_type"] == "LoadImage":
            Image.new("RGB", (96, 64), "teal").save(place.input / Path(node["inputs"]["image"]).name, "PNG")
    outcome = Executor(loaded.classes).run(graph)
    assert (outcome.status, outcome.error) == ("completed", None)
    assert outcome.ui


def test_some_template_is_listed():
    assert NAMES
