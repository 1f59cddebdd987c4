"""Nodes that look at a pixel's neighbours: blur, sharpen, edges, morphology, noise."""

from __future__ import annotations

import math

from flowscale_runtime.nodes import tensors
from flowscale_runtime.nodes.declare import IMAGE, MAX_SEED, Node, choice, fields, integer, number
from flowscale_runtime.nodes.lazy import functional, torch

OPERATIONS = ("erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat")


class ImageBlur(Node):
    """Gaussian blur."""

    TITLE = "Image Blur"
    CATEGORY = "image/postprocessing"
    REQUIRED = fields(image=IMAGE, blur_radius=integer(1, 1, 31), sigma=number(1.0, 0.1, 10.0, 0.1))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, blur_radius: int, sigma: float) -> tuple[torch.Tensor]:
        if blur_radius == 0:
            return (image,)
        return (tensors.convolve(image, tensors.gaussian(blur_radius, sigma, image.device)),)


class ImageSharpen(Node):
    """Unsharp mask."""

    TITLE = "Image Sharpen"
    CATEGORY = "image/postprocessing"
    REQUIRED = fields(
        image=IMAGE,
        sharpen_radius=integer(1, 1, 31),
        sigma=number(1.0, 0.1, 10.0),
        alpha=number(1.0, 0.0, 5.0),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self, image: torch.Tensor, sharpen_radius: int, sigma: float, alpha: float
    ) -> tuple[torch.Tensor]:
        if sharpen_radius == 0:
            return (image,)
        kernel = tensors.gaussian(sharpen_radius, sigma, image.device) * -(alpha * 10.0)
        kernel[sharpen_radius, sharpen_radius] += 1.0 - kernel.sum()
        return (tensors.convolve(image, kernel).clamp(0.0, 1.0),)


class Canny(Node):
    """White lines where a picture has edges."""

    TITLE = "Canny"
    CATEGORY = "image/preprocessors"
    REQUIRED = fields(
        image=IMAGE, low_threshold=number(0.4, 0.01, 0.99), high_threshold=number(0.8, 0.01, 0.99)
    )
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, low_threshold: float, high_threshold: float) -> tuple[torch.Tensor]:
        edges = canny(tensors.gray(image), low_threshold, high_threshold)
        return (edges.unsqueeze(-1).repeat(1, 1, 1, 3),)


def canny(gray: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """1 on edges, `[B,H,W]`: those over `high`, and those over `low` that touch them."""
    planes = gray.unsqueeze(1)
    smooth = functional.conv2d(functional.pad(planes, (2,) * 4, mode="replicate"), _smoothing(gray.device))
    padded = functional.pad(smooth, (1,) * 4, mode="replicate")
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]], device=gray.device)
    across, down = (functional.conv2d(padded, kernel[None, None]) for kernel in (sobel, sobel.T))
    strength = torch.sqrt(across**2 + down**2)
    thin = strength * _ridges(strength, torch.atan2(down, across))
    return _connected(thin > low, thin > high).squeeze(1).to(gray.dtype)


def _smoothing(device: torch.device) -> torch.Tensor:
    line = torch.exp(-(torch.arange(-2.0, 3.0, device=device) ** 2) / 2.0)
    kernel = torch.outer(line, line)
    return (kernel / kernel.sum())[None, None]


def _ridges(strength: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Where a pixel is stronger than both its neighbours along the gradient."""
    sector = torch.round(angle * (4.0 / math.pi)).long() % 4
    height, width = strength.shape[-2:]
    padded = functional.pad(strength, (1,) * 4)
    peaks = torch.zeros_like(strength, dtype=torch.bool)
    for index, (x, y) in enumerate(((1, 0), (1, 1), (0, 1), (-1, 1))):
        ahead = padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width]
        behind = padded[..., 1 - y : 1 - y + height, 1 - x : 1 - x + width]
        peaks |= (sector == index) & (strength > ahead) & (strength > behind)
    return peaks


def _connected(weak: torch.Tensor, strong: torch.Tensor) -> torch.Tensor:
    """Weak pixels that are linked to strong ones."""
    while True:
        grown = (functional.max_pool2d(strong.float(), 3, 1, 1) > 0) & weak
        if torch.equal(grown, strong):
            return strong
        strong = grown


class Morphology(Node):
    """Grow and shrink bright parts with a square."""

    TITLE = "Image Morphology"
    CATEGORY = "image/postprocessing"
    REQUIRED = fields(image=IMAGE, operation=choice(OPERATIONS, "erode"), kernel_size=integer(3, 3, 999))
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, operation: str, kernel_size: int) -> tuple[torch.Tensor]:
        return (morphology(image.movedim(-1, 1), operation, kernel_size).movedim(1, -1).clamp(0.0, 1.0),)


def dilate(planes: torch.Tensor, size: int) -> torch.Tensor:
    """The largest value in a square around each pixel."""
    before, after = size // 2, (size - 1) // 2
    padded = functional.pad(planes, (before, after, before, after), value=float("-inf"))
    rows = functional.max_pool2d(padded, (1, size), stride=1)
    return functional.max_pool2d(rows, (size, 1), stride=1)


def erode(planes: torch.Tensor, size: int) -> torch.Tensor:
    """The smallest value in a square around each pixel."""
    return -dilate(-planes, size)


def morphology(planes: torch.Tensor, operation: str, size: int) -> torch.Tensor:
    """One of OPERATIONS on `[B,C,H,W]`."""
    match operation:
        case "erode":
            return erode(planes, size)
        case "dilate":
            return dilate(planes, size)
        case "open":
            return dilate(erode(planes, size), size)
        case "close":
            return erode(dilate(planes, size), size)
        case "gradient":
            return dilate(planes, size) - erode(planes, size)
        case "top_hat":
            return planes - morphology(planes, "open", size)
        case _:
            return morphology(planes, "close", size) - planes


class ImageAddNoise(Node):
    """Gaussian noise on colors; the same seed gives the same noise."""

    TITLE = "Add Noise to Image"
    CATEGORY = "image"
    REQUIRED = fields(
        image=IMAGE,
        seed=integer(0, 0, MAX_SEED, control_after_generate=True),
        strength=number(0.5, 0.0, 1.0),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(self, image: torch.Tensor, seed: int, strength: float) -> tuple[torch.Tensor]:
        source = torch.Generator().manual_seed(seed)
        noise = torch.randn(image[..., :3].shape, generator=source).to(image) * strength
        return (torch.cat([(image[..., :3] + noise).clamp(0.0, 1.0), image[..., 3:]], dim=-1),)
