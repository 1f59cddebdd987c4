"""The workflow files and specs of both examples: they resolve, convert, and run to the golden pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from flowscale_runtime.graph.executor import Executor
from flowscale_runtime.graph.validation import validate
from flowscale_runtime.nodes import folders, packs
from flowscale_specs import load, resolve
from flowscale_workflows import binding, conversion, formats, interface

EXAMPLES = Path(__file__).parents[3] / "examples"
CASES = {
    "photo-upscale": ("01-photo-upscale", {"photo": "photo.jpg"}, {"photo", "refine", "format"}, {"large"}),
    "text-to-image": (
        "02-text-to-image",
        {},
        {"prompt", "negative", "seed", "steps", "cfg", "sampler", "batch", "scale"},
        {"pictures"},
    ),
}


@pytest.fixture(scope="module")
def environment():
    return packs.load([EXAMPLES / folder / "custom_nodes" for folder, *_ in CASES.values()])


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Folders of a run, with the photo in the input folder."""
    made = {name: tmp_path / name for name in ("input", "output", "temp", "user")}
    for path in made.values():
        path.mkdir()
    (made["input"] / "photo.jpg").write_bytes((EXAMPLES / "01-photo-upscale/photo.jpg").read_bytes())
    models = folders.current().models
    monkeypatch.setattr(folders, "_current", folders.Folders(**made, models=models))
    return made["output"]


@pytest.mark.parametrize("name", CASES)
def test_the_example_gives_its_golden_picture(environment, place, name):
    folder, values, inputs, outputs = CASES[name]
    spec = resolve(load(EXAMPLES / folder)).workflows[name]
    read = formats.read((EXAMPLES / folder / "workflow.json").read_bytes())
    graph = conversion.to_api(read.ui, environment.definitions)
    face = interface.derive(graph, environment.definitions, spec.inputs, spec.outputs)
    assert {item.alias for item in face.inputs} == inputs
    assert {item.alias for item in face.outputs} == outputs
    bound = binding.bind(graph, face, binding.coerce(face, values))
    checked = validate(bound, environment.classes)
    assert checked.ok, checked.node_errors
    outcome = Executor(environment.classes).run(bound, targets=checked.targets)
    assert outcome.status == "completed", outcome.error
    (saved,) = place.glob("*.png")
    golden, made = (
        np.array(Image.open(path).convert("RGB")) for path in (EXAMPLES / folder / "golden.png", saved)
    )
    assert golden.shape == made.shape
    assert structural_similarity(golden, made, channel_axis=2) > 0.99
