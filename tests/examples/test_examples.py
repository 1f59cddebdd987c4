"""Every example, as a reader would use it: served, called over REST, its outputs held against the golden files."""

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import structural_similarity

from flowscale import FlowScaleClient
from flowscale_specs import load, resolve

EXAMPLES = sorted(path.parent for path in Path(__file__).parents[2].glob("examples/*/flowscale.yaml"))
pytestmark = [pytest.mark.services, pytest.mark.timeout(400)]


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.name)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, FlowScaleClient]]:
    folder: Path = request.param
    program = Path(sys.executable).parent / "flowscale"
    with (tmp_path / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [program, "serve", folder, "--port", "0", "--data", tmp_path / "data"], stdout=log, stderr=log
        )
    try:
        key = tmp_path / "data" / "owner.key"
        while not key.exists():
            assert server.poll() is None, (tmp_path / "server.log").read_text()
            time.sleep(0.1)
        url = json.loads((tmp_path / "data" / "server.json").read_text())["url"]
        with FlowScaleClient(api_key=key.read_text().strip(), base_url=url, timeout=120) as client:
            yield folder, client
    finally:
        server.terminate()
        server.wait()


def ssim(one: bytes, other: bytes) -> float:
    """How alike two pictures look, 1 at most."""
    first, second = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in (one, other))
    assert first.shape == second.shape
    return float(structural_similarity(first, second, channel_axis=2))


def test_an_example_gives_what_its_golden_tests_say_and_the_same_from_the_cache(served):
    folder, client = served
    (workflow,) = resolve(load(folder)).workflows.values()
    assert workflow.tests
    for golden in workflow.tests:
        given = {
            name: folder / value if isinstance(value, str) and (folder / value).is_file() else value
            for name, value in golden.inputs.items()
        }
        run = client.runs.execute(given, timeout=300)
        made = run.outputs[0].data
        (wanted,) = golden.outputs.values()
        expected = (folder / wanted.file).read_bytes()
        if wanted.metric == "exact":
            assert made == expected
        else:
            assert ssim(made, expected) >= float(wanted.threshold)
        again = client.runs.execute(given)
        assert (again["cached"], again.cost, again.outputs[0].data) == (True, 0.0, made)


def test_a_wrong_input_is_told_with_its_name(served):
    _, client = served
    with pytest.raises(Exception, match="no input 'nonsense'"):
        client.runs.execute({"nonsense": "x"})
