"""The nodes. Torch and the network load when a node runs, so that describing them takes no time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowscale_runtime.graph import context
from flowscale_runtime.nodes import folders, weights
from flowscale_runtime.nodes.lazy import functional, torch

from .tiles import spans, tiled

if TYPE_CHECKING:
    from torch import Tensor

    from .network import Rrdn

FOLDER = "upscale_models"
MARGIN = 16  # pixels around a tile that the network looks at: enough that seams don't show
REFINE = (
    "Rounds that make the result, when shrunk, equal the input again: closer to the photo, less invented."
)
TILE = "Side of a tile in pixels of the input: larger is faster and needs more memory."
MODELS = {"rrdn-x4.safetensors": "0cda93c2c16cf8c1f755ac24d05b35ace2cc8e8758eb89ce6e81b432b0adac17"}


class SuperResolutionLoader:
    """Loads one of the known networks; a file with other bytes than the known ones is refused."""

    DESCRIPTION = "Loads a super-resolution network from models/upscale_models and checks its SHA-256."
    CATEGORY, FUNCTION = "image/upscaling", "load"
    RETURN_TYPES, RETURN_NAMES = ("SR_MODEL",), ("model",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {"required": {"model_name": (sorted(MODELS), {"tooltip": "The weights to load."})}}

    def load(self, model_name: str) -> tuple[Rrdn]:
        from .network import Rrdn  # brings torch

        path = folders.current().model(FOLDER, model_name)
        tensors = weights.load(path, sha256=MODELS[model_name])
        network = Rrdn(int(weights.metadata(path)["scale"]))
        network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
        return (network.eval().to("cuda" if torch.cuda.is_available() else "cpu"),)


class SuperResolution:
    """Enlarges pictures tile by tile; transparency is enlarged beside the colours."""

    DESCRIPTION = "Enlarges pictures with a super-resolution network, in tiles, so that any size fits."
    CATEGORY, FUNCTION = "image/upscaling", "upscale"
    RETURN_TYPES, RETURN_NAMES = ("IMAGE",), ("image",)

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:
        return {
            "required": {
                "model": ("SR_MODEL", {"tooltip": "The network of a loader."}),
                "image": ("IMAGE", {"tooltip": "The pictures to enlarge."}),
                "refine": ("INT", {"default": 2, "min": 0, "max": 8, "tooltip": REFINE}),
                "tile": ("INT", {"default": 96, "min": 32, "max": 1024, "step": 8, "tooltip": TILE}),
            },
            "optional": {
                "mask": ("MASK", {"tooltip": "Transparency as a loader gives it: 1 is transparent."})
            },
        }

    def upscale(
        self, model: Rrdn, image: Tensor, refine: int, tile: int, mask: Tensor | None = None
    ) -> tuple[Tensor]:
        planes = image.movedim(-1, 1)
        large = faithful(enlarge(model, planes[:, :3], tile), planes[:, :3], refine)
        alpha = transparency(planes, mask)
        if alpha is not None:
            size = large.shape[-2:]
            smooth = functional.interpolate(alpha, size, mode="bicubic", antialias=True).clamp(0, 1)
            large = torch.cat([large, smooth], 1)
        return (large.movedim(1, -1).contiguous(),)


def transparency(planes: Tensor, mask: Tensor | None) -> Tensor | None:
    """The alpha plane `[B,1,H,W]`, or None where nothing is transparent."""
    if planes.shape[1] == 4:
        return planes[:, 3:]
    if mask is None or not mask.any():
        return None
    return 1 - mask.reshape(-1, 1, *mask.shape[-2:]).expand(len(planes), -1, -1, -1)


def enlarge(model: Rrdn, planes: Tensor, tile: int) -> Tensor:
    """`[B,3,H,W]` enlarged, one tile of one picture at a time."""
    batch, channels, height, width = planes.shape
    device = next(model.parameters()).device
    large = torch.empty(batch, channels, height * model.scale, width * model.scale)
    total = batch * len(spans(height, tile, MARGIN)) * len(spans(width, tile, MARGIN))
    done = 0
    with torch.inference_mode():
        for index in range(batch):
            one = planes[index : index + 1].to(device, torch.float32)
            for rows, columns, pixels in tiled(one, model, model.scale, tile, MARGIN):
                large[index, :, rows, columns] = pixels[0].clamp(0, 1).cpu()
                done += 1
                context.current().progress(done, total)
    return large


def faithful(large: Tensor, small: Tensor, rounds: int) -> Tensor:
    """Back-projection: what is lost between the shrunk result and the input is enlarged and added."""
    for _ in range(rounds):
        shrunk = functional.interpolate(large, small.shape[-2:], mode="bicubic", antialias=True)
        large = (large + functional.interpolate(small - shrunk, large.shape[-2:], mode="bicubic")).clamp(0, 1)
    return large
