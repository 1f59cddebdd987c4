"""Every workflow that ComfyUI's templates ship with is read, converted and given an interface."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from flowscale_workflows import conversion, formats, graphs
from flowscale_workflows.conversion.virtual import VIRTUAL
from flowscale_workflows.differences import diff
from flowscale_workflows.interface import Interface, derive

PACKAGE = "comfyui_workflow_templates_json"


def workflows() -> list[Path]:
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or ()) if found else []
    return sorted(path for folder in folders for path in Path(folder, "templates").glob("*.json"))


@pytest.fixture(scope="module")
def corpus() -> dict[str, dict[str, Any]]:
    paths = workflows()
    if not paths:
        pytest.skip(f"{PACKAGE} is not installed")
    files = {path.name: json.loads(path.read_bytes()) for path in paths}
    return {name: file for name, file in files.items() if graphs.is_ui(file)}


def test_all_templates_convert(corpus: dict[str, dict[str, Any]]) -> None:
    for name, ui in corpus.items():
        file = formats.read(json.dumps(ui).encode(), name)
        graph = graphs.check(conversion.to_api(file.ui or {}, {}))
        assert not {node["class_type"] for node in graph.values()} & VIRTUAL, name
        interface = derive(graph, {})
        assert interface.outputs, name
        assert Interface.from_json(json.loads(json.dumps(interface.to_json()))) == interface, name
        assert not diff(graph, {node_id: graph[node_id] for node_id in reversed(graph)}), name
    assert len(corpus) > 500
