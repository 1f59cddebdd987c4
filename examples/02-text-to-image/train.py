"""Trains the flow network on emoji pictures with names, on a CPU, within a time that you set.

The pictures are those of the npm package @lobehub/fluent-emoji-3d, the names those of emojibase-data:

    npm pack @lobehub/fluent-emoji-3d emojibase-data      # and unpack both
    python train.py --assets fluent-emoji-3d/assets --names emojibase-data/en --minutes 60
"""

import argparse
import copy
import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "training"), str(HERE / "custom_nodes" / "emoji_flow")]

from captions import captions, shown  # noqa: E402
from codec import Codec, fit  # noqa: E402
from data import Batch, Dataset, premultiplied  # noqa: E402
from network import FlowNet  # noqa: E402
from sprites import load  # noqa: E402
from text import TextEncoder  # noqa: E402
from weights import text_model_folder  # noqa: E402

EVEN, ODD = 512, 384  # patterns of the codec
SHAPE = {"width": 768, "blocks": 5, "condition": 512, "words": [256, 8, 2]}  # words: width, queries, layers
GROUND_WEIGHT = 0.05  # of the background's three numbers against all others
DRAWS = 4  # moments and noises for each caption of a batch
RATE, WARM_STEPS, DECAY = 1e-3, 100, 0.5  # the rate falls to nothing over the last DECAY of the time


def loss_of(net: FlowNet, batch: Batch) -> Tensor:
    """Error of the flow from noise to picture: the network tells the latent, the error is that of the velocity."""
    latents = batch.latents.repeat_interleave(DRAWS, 0)
    when = torch.sigmoid(torch.randn(len(latents)) * 1.2 - 0.4)
    noisy = when[:, None] * latents + (1 - when[:, None]) * torch.randn_like(latents)
    with torch.autocast("cpu", torch.bfloat16):
        conditions = net.words(batch.words, batch.mask).repeat_interleave(DRAWS, 0)
        told = net(noisy, when, conditions)
    error = (told.float() - latents).square()
    error = error[:, :-3].mean(1) + GROUND_WEIGHT * error[:, -3:].mean(1)
    return (error / (1 - when).clamp_min(0.1).square()).mean()


def rate_at(step: int, passed: float) -> float:
    """The learning rate by step (warm-up) and by the share of the time that has passed (decay)."""
    return RATE * min(1.0, step / WARM_STEPS) * min(1.0, max(0.0, (1 - passed) / DECAY))


def save(tensors: dict[str, Tensor], path: Path, **about: object) -> None:
    """Half-precision weights, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = {name: value.half().contiguous() for name, value in tensors.items()}
    save_file(half, path.with_suffix(".part"), {name: json.dumps(value) for name, value in about.items()})
    path.with_suffix(".part").replace(path)


def prepare(options: argparse.Namespace) -> Dataset:
    """The codec, fitted to what training may see, and the data in its latents."""
    options.cache.mkdir(parents=True, exist_ok=True)
    sprites = load(options.assets, options.names)
    codec = fit(premultiplied([s for s in sprites if shown(s)]), EVEN, ODD)
    save(vars(codec), options.out / "vae/emoji-codec.safetensors")
    halved = Codec(**{name: value.half().float() for name, value in vars(codec).items()})
    return Dataset(
        sprites,
        captions(sprites, options.captions),
        halved,
        TextEncoder(text_model_folder(), torch.float32),
        options.cache,
    )


def train(options: argparse.Namespace) -> None:
    """Train until the time is over; the averaged weights are written every two minutes."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    data, path = prepare(options), options.out / "diffusion_models/emoji-flow-64.safetensors"
    shape = {"latent": data.latents.shape[1] + 3, **SHAPE}
    net = FlowNet(**shape)
    if options.resume:
        net.load_state_dict({n: v.float() for n, v in load_file(options.resume).items()})
    average = copy.deepcopy(net).requires_grad_(False)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    began = saved = time.monotonic()
    running = 0.0
    for step, batch in enumerate(data.batches(options.batch, options.seed), 1):
        passed = (time.monotonic() - began) / (60 * options.minutes)
        optimizer.param_groups[0]["lr"] = rate_at(step, passed)
        loss = loss_of(net, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        keep = min(0.999, 1 - 1 / (0.1 * step + 1))
        torch._foreach_lerp_(list(average.parameters()), [p.detach() for p in net.parameters()], 1 - keep)
        running += (0.01 if step > 1 else 1) * (loss.item() - running)
        if step % 100 == 0:
            print(f"step {step} loss {running:.4f} time {passed:.1%}", flush=True)
        if passed >= 1 or time.monotonic() - saved > 120:
            save(average.state_dict(), path, **shape)
            saved = time.monotonic()
        if passed >= 1:
            return


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the emoji text-to-image network.")
    parser.add_argument(
        "--assets", type=Path, required=True, help="the picture files of @lobehub/fluent-emoji-3d"
    )
    parser.add_argument("--names", type=Path, required=True, help="the folder `en` of emojibase-data")
    parser.add_argument("--out", type=Path, default=HERE / "models", help="the folder of the weights")
    parser.add_argument("--cache", type=Path, default=Path(".cache"), help="where encoded captions are kept")
    parser.add_argument("--resume", type=Path, help="weights to go on from")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--captions", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=96, help="captions at a time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    train(options())
