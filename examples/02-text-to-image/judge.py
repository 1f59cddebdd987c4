"""Tells how often pictures of combinations that training never saw are what their prompt asks for.

Every held-out sprite gets one prompt and one picture; the picture is right when, of all sprites there are (also
mirrored), the nearest one is that sprite.

    python judge.py --assets fluent-emoji-3d/assets --names emojibase-data/en
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "training"), str(HERE / "custom_nodes" / "emoji_flow"), str(HERE / "custom_nodes")]

from captions import shown  # noqa: E402
from data import premultiplied  # noqa: E402
from emoji_flow import nodes  # noqa: E402
from emoji_flow.text import TextEncoder  # noqa: E402
from emoji_flow.weights import text_model_folder  # noqa: E402
from sprites import Sprite, load  # noqa: E402


def prompt(sprite: Sprite) -> str:
    """The plainest prompt for a sprite."""
    if sprite.role:
        return f"a {sprite.gender} {sprite.role} with {sprite.tone} skin on a white background"
    return f"a {sprite.colour} {sprite.name} on a white background"


def nearest(latents: Tensor, known: Tensor, mirror: Tensor) -> Tensor:
    """The index of the sprite that each latent is nearest to, mirrored or not."""
    both = torch.stack([torch.cdist(latents, known), torch.cdist(latents * mirror, known)])
    return both.amin(0).argmin(1)


def judge(options: argparse.Namespace) -> None:
    """Print the shares."""
    network = nodes.read_model(options.models / "diffusion_models/emoji-flow-64.safetensors")
    codec = nodes.read_codec(options.models / "vae/emoji-codec.safetensors")
    encoder, encode = TextEncoder(text_model_folder()), nodes.EmojiTextEncode().encode
    sprites = load(options.assets, options.names)
    known = codec.encode(premultiplied(sprites).double()) * codec.scale
    mirror = torch.ones_like(known[0])
    mirror[codec.even.shape[1] :] = -1
    (nothing,), (latent,) = encode(encoder, ""), nodes.EmojiEmptyLatent().make(codec, 1)
    held = [i for i, s in enumerate(sprites) if not shown(s)][:: options.every]
    made = []
    for index in held:
        (wanted,) = encode(encoder, prompt(sprites[index]))
        made.append(
            nodes.EmojiSampler().sample(network, wanted, nothing, latent, 1, 16, options.cfg, "heun")[0]
        )
    found = nearest(torch.cat(made)[:, :-3] * codec.scale, known, mirror).tolist()
    for kind in ("things", "people"):
        pairs = [
            (sprites[a], sprites[b])
            for a, b in zip(held, found, strict=True)
            if bool(sprites[a].role) == (kind == "people")
        ]
        subject = sum(
            (a.role, a.name) == (b.role, b.name) if kind == "things" else a.role == b.role for a, b in pairs
        )
        exact = sum(a is b for a, b in pairs)
        print(
            f"{kind}: {len(pairs)} prompts, subject right {subject / len(pairs):.1%}, all right {exact / len(pairs):.1%}"
        )


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Judge pictures of held-out combinations.")
    parser.add_argument(
        "--assets", type=Path, required=True, help="the picture files of @lobehub/fluent-emoji-3d"
    )
    parser.add_argument("--names", type=Path, required=True, help="the folder `en` of emojibase-data")
    parser.add_argument("--models", type=Path, default=HERE / "models")
    parser.add_argument("--every", type=int, default=1, help="judge only every n-th")
    parser.add_argument("--cfg", type=float, default=2.0)
    return parser.parse_args()


if __name__ == "__main__":
    judge(options())
