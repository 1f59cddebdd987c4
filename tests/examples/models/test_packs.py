"""The packs of both examples: they load, and describing them costs nothing."""

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[3] / "examples"
UPSCALE, EMOJI = EXAMPLES / "01-photo-upscale", EXAMPLES / "02-text-to-image"
NODES = {
    "SuperResolutionLoader", "SuperResolution", "EmojiModelLoader", "EmojiTextEncode", "EmojiEmptyLatent",
    "EmojiSampler", "EmojiDecode",
}  # fmt: skip


def test_every_node_of_the_packs_is_there_and_described(loaded):
    assert loaded.failures == ()
    assert set(loaded.classes) == NODES
    assert set(loaded.definitions) == NODES
    assert all(definition["description"] for definition in loaded.definitions.values())


def test_describing_the_nodes_does_not_import_torch():
    code = (
        "import sys; from pathlib import Path; from flowscale_runtime.nodes import packs;"
        f"packs.load([Path({str(UPSCALE / 'custom_nodes')!r}), Path({str(EMOJI / 'custom_nodes')!r})], entry_points=());"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
