"""Nodes of concurrent runs send passes to one network: the same answers on every engine, and shared batches on Triton."""

import io
import re
from dataclasses import replace

import numpy
import orjson
import pytest
import torch
from PIL import Image

from flowscale_runtime.engines.triton.engine import TritonEngine
from flowscale_runtime.stores import queries
from harness import networks

pytestmark = [pytest.mark.services, pytest.mark.slow]
RUNS = 6
SIDE = 768  # a picture of this side is larger than what is sent without shared memory


def graph(color, size):
    empty = {"width": size, "height": size, "batch_size": 1, "color": color}
    save = {"filename_prefix": "mixed", "format": "png", "quality": 95, "lossless": False, "label": ""}
    return {
        "1": {"class_type": "EmptyImage", "inputs": empty},
        "2": {"class_type": "TritonModel", "inputs": {"image": ["1", 0], "model": "net"}},
        "3": {"class_type": "FSSaveImage", "inputs": {"images": ["2", 0], **save}},
    }


async def submit(bench, color, size):
    interface = {"inputs": [], "outputs": [{"name": "mixed", "node_id": "3", "type": "image"}]}
    release = bench.objects.put(orjson.dumps({"graph": graph(color, size), "interface": interface}))
    return await bench.submit("nothing", release=f"sha256:{release}", output_names={"3": "mixed"})


def expected(module, color):
    pixel = torch.tensor([color >> 16 & 255, color >> 8 & 255, color & 255]) / 255
    with torch.inference_mode():
        return module(pixel.view(1, 3, 1, 1)).view(3) * 255


def counter(page, name):
    return int(re.search(rf'^{name}{{model="net-[^}}]*}} (\d+)', page, re.MULTILINE)[1])


async def test_runs_get_what_the_network_computes_and_share_its_batches(bench, engine, tmp_path):
    net = networks.network(tmp_path, preferred=(2,), delay=500_000)
    bench.environment = replace(bench.environment, name="env-net", networks=(net,), warm=("torch",))
    bench.pool.use([bench.environment])
    colors = [0x102030 * (number + 1) for number in range(RUNS)]
    runs = [await submit(bench, color, SIDE if number % 2 else 8) for number, color in enumerate(colors)]
    runs += [await submit(bench, color + 1, 8) for color in colors]
    module = networks.module(tmp_path)
    for color, run_id in zip([*colors, *(color + 1 for color in colors)], runs, strict=True):
        row = await bench.end(run_id)
        assert row.state == "completed", row.error
        (output,) = (await bench.database.read(queries.outputs, [run_id]))[run_id]
        found = numpy.asarray(Image.open(io.BytesIO(bench.objects.get(output.object))))[0, 0]
        assert numpy.abs(found - expected(module, color).numpy()).max() <= 1
    if isinstance(engine, TritonEngine):
        page = await engine.metrics()
        assert counter(page, "nv_inference_count") == 2 * RUNS
        assert counter(page, "nv_inference_exec_count") < 2 * RUNS


async def test_a_model_that_is_not_there_fails_the_run_and_names_it(bench):
    row = await bench.end(await submit(bench, 1, 8))
    assert (row.state, row.error["code"]) == ("failed", "NODE_FAILED")
    assert "there is no Model 'net'" in row.error["message"]
