"""Arithmetic that image, mask and latent nodes share; pictures are `[B,H,W,C]`, masks `[B,H,W]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import Image, functional, numpy, torch

if TYPE_CHECKING:
    from collections.abc import Sequence

METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
CROPS = ("disabled", "center")
LUMA = (0.299, 0.587, 0.114)


def scale(images: torch.Tensor, width: int, height: int, method: str, crop: str = "disabled") -> torch.Tensor:
    """Pictures at another size; `center` keeps the aspect and cuts what is over."""
    if crop == "center":
        images = center(images, width / height)
    if images.shape[1:3] == (height, width):
        return images
    return scale_planes(images.movedim(-1, 1), width, height, method).movedim(1, -1)


def scale_planes(planes: torch.Tensor, width: int, height: int, method: str) -> torch.Tensor:
    """The same for `[B,C,H,W]`."""
    if width < 1 or height < 1:
        raise NodeError(f"{width}x{height} is no size for a picture", "give at least one pixel each way")
    if method == "lanczos":
        return _lanczos(planes, width, height)
    return functional.interpolate(planes, size=(height, width), mode=method)


def _lanczos(planes: torch.Tensor, width: int, height: int) -> torch.Tensor:
    flat = planes.detach().float().cpu().reshape(-1, *planes.shape[-2:])
    done = [
        torch.from_numpy(numpy.array(Image.fromarray(plane.numpy()).resize((width, height), _filter())))
        for plane in flat
    ]
    shape = (*planes.shape[:-2], height, width)
    return torch.stack(done).reshape(shape).clamp_(0.0, 1.0).to(planes.device, planes.dtype)


def _filter() -> Image.Resampling:
    return Image.Resampling.LANCZOS


def center(images: torch.Tensor, aspect: float) -> torch.Tensor:
    """The largest middle part of pictures with an aspect (width / height)."""
    height, width = images.shape[1:3]
    x = round((width - height * aspect) / 2) if width / height > aspect else 0
    y = round((height - width / aspect) / 2) if width / height < aspect else 0
    return images[:, y : height - y, x : width - x]


def scale_mask(mask: torch.Tensor, width: int, height: int, method: str = "bilinear") -> torch.Tensor:
    """Masks at another size."""
    mask = batched(mask)
    if mask.shape[1:] == (height, width):
        return mask
    return scale_planes(mask.unsqueeze(1), width, height, method).squeeze(1)


def batched(mask: torch.Tensor) -> torch.Tensor:
    """A mask as `[B,H,W]`, whether or not it had a batch."""
    return mask.reshape(-1, *mask.shape[-2:])


def same_batch(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Tensors with the longest batch among them; shorter ones begin again from their first item."""
    size = max(tensor.shape[0] for tensor in tensors)
    return tuple(repeat_to(tensor, size) for tensor in tensors)


def repeat_to(tensor: torch.Tensor, size: int) -> torch.Tensor:
    """A tensor whose batch is repeated, then cut, to a size."""
    if tensor.shape[0] == size:
        return tensor
    times = -(-size // tensor.shape[0])
    return tensor.repeat(times, *[1] * (tensor.ndim - 1))[:size]


def with_channels(images: torch.Tensor, channels: int) -> torch.Tensor:
    """Pictures with 3 or 4 channels; added alpha is opaque."""
    if images.shape[-1] == 1:
        images = images.expand(*images.shape[:-1], 3)
    if images.shape[-1] < channels:
        return functional.pad(images, (0, channels - images.shape[-1]), value=1.0)
    return images[..., :channels]


def join(pictures: Sequence[torch.Tensor]) -> torch.Tensor:
    """One batch of several, at the size of the first and with the most channels among them."""
    height, width = pictures[0].shape[1:3]
    channels = max(3, *(picture.shape[-1] for picture in pictures))
    fitted = [scale(picture, width, height, "bilinear", "center") for picture in pictures]
    return torch.cat([with_channels(picture, channels) for picture in fitted])


def gray(images: torch.Tensor) -> torch.Tensor:
    """The luma of pictures, `[B,H,W]`."""
    weights = torch.tensor(LUMA, device=images.device, dtype=images.dtype)
    return (images[..., :3] * weights).sum(-1)


def gaussian(radius: int, sigma: float, device: torch.device) -> torch.Tensor:
    """A square blur kernel that sums to one."""
    line = torch.linspace(-1.0, 1.0, radius * 2 + 1, device=device)
    row = torch.exp(-(line**2) / (2.0 * sigma * sigma))
    kernel = torch.outer(row, row)
    return kernel / kernel.sum()


def convolve(images: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """Each channel filtered by a square kernel, edges mirrored."""
    planes = images.movedim(-1, 1)
    channels, radius = planes.shape[1], kernel.shape[-1] // 2
    if radius >= min(planes.shape[-2:]):
        raise NodeError(
            f"a radius of {radius} is too large for {planes.shape[-1]}x{planes.shape[-2]} pixels",
            "use a radius below the shorter side of the picture",
        )
    padded = functional.pad(planes, (radius,) * 4, mode="reflect")
    weights = kernel.expand(channels, 1, *kernel.shape).to(padded.dtype)
    return functional.conv2d(padded, weights, groups=channels).movedim(1, -1)


def hex_color(value: str) -> tuple[float, float, float, float]:
    """Red, green, blue and alpha from 0 to 1 of `#RRGGBB` or `#RRGGBBAA`."""
    digits = value.removeprefix("#")
    if len(digits) not in (6, 8) or any(char not in "0123456789abcdefABCDEF" for char in digits):
        raise NodeError(f"{value!r} is no color", "write it as #RRGGBB or #RRGGBBAA")
    red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
    return red / 255, green / 255, blue / 255, alpha / 255


def filled(width: int, height: int, rgb: Sequence[float], batch: int = 1) -> torch.Tensor:
    """Pictures of one color."""
    return torch.tensor(list(rgb), dtype=torch.float32).expand(batch, height, width, len(rgb)).clone()


def int_color(value: int) -> tuple[float, float, float]:
    """Red, green and blue of 0xRRGGBB."""
    return (value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255
