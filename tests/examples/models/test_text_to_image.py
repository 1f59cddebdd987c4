"""Text to image: pictures follow the prompt, keep away from the negative one, and repeat by seed to the byte."""

import hashlib
import importlib
import json
from pathlib import Path

import pytest
import torch

from flowscale_runtime.graph import context
from flowscale_runtime.graph.errors import Interrupted
from flowscale_runtime.graph.interrupt import Interrupt
from flowscale_runtime.graph.testing import RecordingListener

EXAMPLE = Path(__file__).parents[3] / "examples/02-text-to-image"
NAMES = {"model_name": "emoji-flow-64.safetensors", "codec_name": "emoji-codec.safetensors"}


@pytest.fixture(scope="module")
def models(node):
    return node("EmojiModelLoader", **NAMES)


@pytest.fixture(scope="module")
def draw(node, models):
    """Runs the workflow's nodes: pictures [B,64,64,3] and masks."""
    model, encoder, codec = models

    def run(prompt, negative="", seed=1, steps=8, cfg=2.0, sampler="heun", batch=1):
        wanted, unwanted = (node("EmojiTextEncode", encoder, text)[0] for text in (prompt, negative))
        latent = node("EmojiEmptyLatent", codec, batch)[0]
        made = node("EmojiSampler", model, wanted, unwanted, latent, seed, steps, cfg, sampler)[0]
        return node("EmojiDecode", codec, made, 1)

    return run


def data(images):
    return hashlib.sha256((images * 255).round().byte().numpy().tobytes()).hexdigest()


def corner(images):
    """The mean colour of the corners: the background."""
    return torch.cat([images[:, :4, :4], images[:, :4, -4:]], 1).mean((1, 2))


def subject(images, masks):
    """The mean colour of what is not background."""
    share = (1 - masks).unsqueeze(-1)
    return (images * share).sum((1, 2)) / share.sum((1, 2))


@pytest.mark.parametrize("sampler", ["euler", "heun", "ddim"])
def test_the_same_seed_gives_the_same_bytes(draw, sampler):
    first, again = (draw("a red fox", seed=5, sampler=sampler)[0] for _ in range(2))
    assert first.shape == (1, 64, 64, 3)
    assert data(first) == data(again)


def test_the_number_of_threads_does_not_change_the_bytes(draw):
    made = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        made.append(data(draw("a green frog", seed=3)[0]))
    torch.set_num_threads(1)
    assert made[0] == made[1]


def test_another_seed_gives_another_picture(draw):
    assert data(draw("a fox", seed=5)[0]) != data(draw("a fox", seed=6)[0])


def test_picture_n_of_a_batch_is_the_one_of_seed_plus_n(draw):
    batch = draw("a castle", seed=10, batch=3)[0]
    alone = torch.cat([draw("a castle", seed=seed)[0] for seed in (10, 11, 12)])
    assert batch.shape == (3, 64, 64, 3)
    assert (batch - alone).abs().max() < 2 / 255


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
def test_the_background_has_the_colour_of_the_prompt(draw, colour, channel):
    ground = corner(draw(f"a lion on a {colour} background", batch=4)[0])
    assert (ground.argmax(1) == channel).all()


@pytest.mark.parametrize(
    ("prompt", "channel"), [("a blue fox", 2), ("a green elephant", 1), ("a red cactus", 0)]
)
def test_things_take_colours_that_training_never_gave_them(draw, prompt, channel):
    images, masks = draw(f"{prompt} on a white background", batch=4)
    assert (subject(images, masks).argmax(1) == channel).float().mean() >= 0.75


def test_the_negative_prompt_is_kept_away_from(draw):
    plain = corner(draw("a whale", seed=100, batch=16)[0])
    away = corner(draw("a whale", "a whale on a white background", seed=100, batch=16)[0])
    white = [(ground.min(1).values > 0.9).sum().item() for ground in (plain, away)]
    assert white[1] < max(white[0], 1)
    assert data(plain) != data(away)


def test_progress_is_told_for_every_step(draw):
    listener = RecordingListener()
    context.enter(context.NodeContext("5", "EmojiSampler", listener=listener))
    try:
        draw("a cat", steps=6)
    finally:
        context.leave("5")
    assert listener.named("node_progress") == [("5", step, 6) for step in range(1, 7)]


def test_an_interrupted_sampler_stops(draw):
    interrupt = Interrupt()
    interrupt.set()
    context.enter(context.NodeContext("5", "EmojiSampler", interrupt=interrupt))
    try:
        with pytest.raises(Interrupted):
            draw("a cat", steps=200)
    finally:
        context.leave("5")


def test_samplers_reach_the_picture_that_a_sure_network_tells(loaded):
    sampling = importlib.import_module(
        loaded.classes["EmojiSampler"].__module__.replace(".nodes", ".sampling")
    )
    target, start = (
        torch.linspace(-1, 1, 7).repeat(2, 1),
        torch.randn(2, 7, generator=torch.Generator().manual_seed(0)),
    )
    steps = []
    for sampler in sampling.SAMPLERS.values():
        made = sampler(lambda x, t: target, start, sampling.times(5), lambda step, _: steps.append(step))
        assert torch.allclose(made, target, atol=1e-5)
    assert steps == [1, 2, 3, 4, 5] * 3


def test_the_codec_mirrors_by_the_sign_of_odd_parts(models):
    codec = models[2]
    latent = torch.randn(2, codec.width, generator=torch.Generator().manual_seed(0))
    mirrored = latent.clone()
    mirrored[:, codec.even.shape[1] : -3] *= -1
    for whole, other in zip(codec.decode(latent)[:2], codec.decode(mirrored)[:2], strict=True):
        assert torch.allclose(whole.flip(-1), other, atol=1e-4)


def test_close_meanings_have_close_vectors(models):
    pooled = [models[1].encode([text]).pooled for text in ("a kitten", "a cat", "a lorry")]
    near, far = (torch.cosine_similarity(pooled[0], other).item() for other in pooled[1:])
    assert near > far + 0.2


def test_padding_does_not_change_a_prompt(models):
    alone = models[1].encode(["a cat"])
    padded = models[1].encode(["a cat", "a much longer prompt about a dog on a hill"])
    assert torch.allclose(alone.pooled[0], padded.pooled[0], atol=1e-5)
    assert padded.mask[0].sum() == alone.mask.sum()


def test_the_workflow_and_the_spec_name_the_pinned_weights(loaded):
    spec = (EXAMPLE / "flowscale.yaml").read_text()
    for file in (EXAMPLE / "models").rglob("*.safetensors"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in spec
        assert file.stat().st_size < 40_000_000
    loader = next(
        n
        for n in json.loads((EXAMPLE / "workflow.json").read_text())["nodes"]
        if n["type"] == "EmojiModelLoader"
    )
    assert loader["widgets_values"] == list(NAMES.values())
