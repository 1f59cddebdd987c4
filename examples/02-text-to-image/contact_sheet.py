"""Draws the pictures of a list of prompts, with the prompts under them.

python contact_sheet.py prompts.txt contact-sheet.png
"""

import argparse
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "custom_nodes"))

from emoji_flow import nodes  # noqa: E402
from emoji_flow.text import TextEncoder  # noqa: E402
from emoji_flow.weights import text_model_folder  # noqa: E402

COLUMNS, CELL, TEXT = 8, 128, 46


def prompts(path: Path) -> list[str]:
    """The prompts of a file: a line each, headings begin with #."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def pictures(texts: list[str], options: argparse.Namespace) -> Iterator[Image.Image]:
    """One picture a prompt, as the workflow makes them."""
    network = nodes.read_model(options.models / "diffusion_models/emoji-flow-64.safetensors")
    codec = nodes.read_codec(options.models / "vae/emoji-codec.safetensors")
    encoder, encode = TextEncoder(text_model_folder()), nodes.EmojiTextEncode().encode
    (nothing,), (latent,) = encode(encoder, ""), nodes.EmojiEmptyLatent().make(codec, 1)
    for text in texts:
        (wanted,) = encode(encoder, text)
        settings = (options.seed, options.steps, options.cfg, options.sampler)
        (made,) = nodes.EmojiSampler().sample(network, wanted, nothing, latent, *settings)
        images, _ = nodes.EmojiDecode().decode(codec, made, CELL // 64)
        yield Image.fromarray((images[0] * 255).round().byte().numpy())


def sheet(texts: list[str], images: Iterator[Image.Image]) -> Image.Image:
    """Pictures in rows with their prompts below."""
    rows = -(-len(texts) // COLUMNS)
    canvas = Image.new("RGB", (COLUMNS * (CELL + 8) + 8, rows * (CELL + TEXT) + 8), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(11)
    for index, (text, image) in enumerate(zip(texts, images, strict=True)):
        x, y = 8 + index % COLUMNS * (CELL + 8), 8 + index // COLUMNS * (CELL + TEXT)
        canvas.paste(image, (x, y))
        draw.multiline_text((x, y + CELL + 2), textwrap.fill(text, 21), "black", font, spacing=1)
    return canvas


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draw the pictures of a list of prompts.")
    parser.add_argument("prompts", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=Path, default=HERE / "models")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--cfg", type=float, default=2.0)
    parser.add_argument("--sampler", default="heun")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = options()
    texts = prompts(chosen.prompts)
    sheet(texts, pictures(texts, chosen)).save(chosen.out, optimize=True)
