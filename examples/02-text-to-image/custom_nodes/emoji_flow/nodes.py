"""The nodes. Torch and the networks load when a node runs, so that describing them takes no time.

All is computed in double precision: what threads and machines round differently is then too small to change a byte of
the picture.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flowscale_runtime.graph import context
from flowscale_runtime.nodes import folders, weights
from flowscale_runtime.nodes.lazy import functional, torch

from .weights import CODEC_FOLDER, CODECS, MODEL_FOLDER, MODELS, TEXT_SHA256, text_model_folder

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from .codec import Codec
    from .network import FlowNet
    from .text import Encoded, TextEncoder

SAMPLERS = ("euler", "heun", "ddim")
CATEGORY = "emoji"
SEED = "Names the noise to begin with; each picture of a batch takes the next one."
STEPS = "More steps take longer and give cleaner pictures."
CFG = "How strongly the prompt leads; at 1 the negative prompt does nothing."
SAMPLER = "How a step is made: euler, heun (two calls of the network a step) or ddim (bears a high cfg)."


def device() -> str:
    """Where networks run."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def read_model(path: Path) -> FlowNet:
    """The network of a weights file, ready to run; its shape is in the file."""
    from .network import FlowNet  # brings torch

    network = FlowNet(**{name: json.loads(value) for name, value in weights.metadata(path).items()})
    network.double().load_state_dict(weights.load(path))
    return network.eval().to(device())


def read_codec(path: Path) -> Codec:
    """The codec of a weights file."""
    from .codec import Codec  # brings torch

    return Codec(**{name: tensor.double() for name, tensor in weights.load(path).items()})


def pinned(folder: str, name: str, known: dict[str, str]) -> Path:
    """A model file, once its bytes are known to be the ones meant."""
    path = folders.current().model(folder, name)
    weights.verify(path, known[name])
    return path


class EmojiModelLoader:
    """Loads the three networks; files with other bytes than the known ones are refused."""

    DESCRIPTION = "Loads the flow network, the text encoder and the picture codec, and checks their SHA-256."
    CATEGORY, FUNCTION = CATEGORY, "load"
    RETURN_TYPES = ("EMOJI_MODEL", "EMOJI_TEXT", "EMOJI_CODEC")
    RETURN_NAMES = ("model", "text_encoder", "codec")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model_name": (sorted(MODELS), {"tooltip": "The flow network in models/diffusion_models."}),
                "codec_name": (sorted(CODECS), {"tooltip": "The picture codec in models/vae."}),
            }
        }

    def load(self, model_name: str, codec_name: str) -> tuple[FlowNet, TextEncoder, Codec]:
        from .text import TextEncoder  # brings torch

        folder = text_model_folder()
        weights.verify(folder / "model.safetensors", TEXT_SHA256)
        model, codec = pinned(MODEL_FOLDER, model_name, MODELS), pinned(CODEC_FOLDER, codec_name, CODECS)
        return read_model(model), TextEncoder(folder), read_codec(codec)


class EmojiTextEncode:
    """Turns a prompt into one vector a word piece and one for the whole."""

    DESCRIPTION = "Encodes a prompt for the sampler. An empty prompt stands for any picture."
    CATEGORY, FUNCTION = CATEGORY, "encode"
    RETURN_TYPES, RETURN_NAMES = ("EMOJI_CONDITIONING",), ("conditioning",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "text_encoder": ("EMOJI_TEXT", {"tooltip": "The text encoder of the loader."}),
                "text": (
                    "STRING",
                    {"default": "", "multiline": True, "tooltip": "What to show, or to avoid."},
                ),
            }
        }

    def encode(self, text_encoder: TextEncoder, text: str) -> tuple[Encoded]:
        return (text_encoder.encode([text.strip().lower()]),)


class EmojiEmptyLatent:
    """An empty batch of latents, as large as the codec wants them."""

    DESCRIPTION = "An empty batch of 64-pixel pictures for the sampler to fill."
    CATEGORY, FUNCTION = CATEGORY, "make"
    RETURN_TYPES, RETURN_NAMES = ("EMOJI_LATENT",), ("latent",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        batch = {"default": 1, "min": 1, "max": 64, "tooltip": "How many pictures."}
        return {
            "required": {"codec": ("EMOJI_CODEC", {"tooltip": "The codec."}), "batch_size": ("INT", batch)}
        }

    def make(self, codec: Codec, batch_size: int) -> tuple[Tensor]:
        return (torch.zeros(batch_size, codec.width),)


class EmojiSampler:
    """Makes latents that follow one prompt and keep away from another."""

    DESCRIPTION = "Follows the flow from noise to pictures. The same seed and settings give the same bytes."
    CATEGORY, FUNCTION = CATEGORY, "sample"
    RETURN_TYPES, RETURN_NAMES = ("EMOJI_LATENT",), ("latent",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        seed = {"default": 0, "min": 0, "max": 2**63 - 1, "control_after_generate": True, "tooltip": SEED}
        return {
            "required": {
                "model": ("EMOJI_MODEL", {"tooltip": "The network of the loader."}),
                "positive": ("EMOJI_CONDITIONING", {"tooltip": "What to show."}),
                "negative": ("EMOJI_CONDITIONING", {"tooltip": "What to avoid."}),
                "latent": ("EMOJI_LATENT", {"tooltip": "How many pictures to make."}),
                "seed": ("INT", seed),
                "steps": ("INT", {"default": 16, "min": 1, "max": 1000, "tooltip": STEPS}),
                "cfg": ("FLOAT", {"default": 2.0, "min": 0.0, "max": 20.0, "step": 0.1, "tooltip": CFG}),
                "sampler_name": (list(SAMPLERS), {"default": "heun", "tooltip": SAMPLER}),
            }
        }

    def sample(
        self,
        model: FlowNet,
        positive: Encoded,
        negative: Encoded,
        latent: Tensor,
        seed: int,
        steps: int,
        cfg: float,
        sampler_name: str,
    ) -> tuple[Tensor]:
        from . import sampling  # brings torch

        running = context.current()
        with torch.inference_mode():
            wanted, unwanted = (
                model.words(p.tokens.to(device()), p.mask.to(device())) for p in (positive, negative)
            )
            guide = sampling.Guidance(model, wanted, unwanted, cfg)
            start = sampling.noise(seed, *latent.shape).to(device())
            made = sampling.SAMPLERS[sampler_name](
                guide, start, sampling.times(steps), lambda step, _: running.progress(step, steps)
            )
        return (made.cpu(),)


class EmojiDecode:
    """Turns latents into pictures on their background, and the mask to cut them out with."""

    DESCRIPTION = "Turns latents into images, enlarged smoothly by a whole factor; the mask is 1 where there is background."
    CATEGORY, FUNCTION = CATEGORY, "decode"
    RETURN_TYPES, RETURN_NAMES = ("IMAGE", "MASK"), ("images", "mask")

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        scale = {"default": 4, "min": 1, "max": 16, "tooltip": "1 gives the 64 pixels as they are."}
        return {
            "required": {
                "codec": ("EMOJI_CODEC", {"tooltip": "The codec of the loader."}),
                "latent": ("EMOJI_LATENT", {"tooltip": "What the sampler made."}),
                "scale": ("INT", scale),
            }
        }

    def decode(self, codec: Codec, latent: Tensor, scale: int) -> tuple[Tensor, Tensor]:
        colours, alpha, ground = codec.decode(latent)
        if scale > 1:
            colours, alpha = (
                functional.interpolate(t, scale_factor=scale, mode="bicubic").clamp(0, 1)
                for t in (colours, alpha)
            )
        pictures = colours + ground[:, :, None, None] * (1 - alpha)
        return pictures.clamp(0, 1).movedim(1, -1).float().contiguous(), (1 - alpha[:, 0]).float()
