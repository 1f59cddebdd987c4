"""How like an output is to what a golden test expects: byte for byte, or by a metric of pictures with a threshold."""

import io
from collections.abc import Callable
from typing import Any

import imagehash
import numpy as np
from PIL import Image, UnidentifiedImageError
from skimage import metrics

DEFAULTS = {"exact": 1.0, "ssim": 0.95, "psnr": 30.0, "phash": 0.9}
PERFECT = 100.0
"""What PSNR of equal pictures counts as: it has no end."""


def likeness(metric: str, expected: bytes, found: bytes) -> float:
    """How like two contents are; 1 is equal but for psnr, which is in decibels. Contents that aren't pictures are 0."""
    if metric == "exact" or expected == found:
        return (PERFECT if metric == "psnr" else 1.0) if expected == found else 0.0
    try:
        first, second = _picture(expected), _picture(found)
    except UnidentifiedImageError:
        return 0.0
    return METRICS[metric](first, second) if first.size == second.size or metric == "phash" else 0.0


def passes(metric: str, threshold: float | None, score: float) -> bool:
    """Whether a score is enough."""
    return score >= (DEFAULTS[metric] if threshold is None else threshold)


def _picture(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB")


def _ssim(first: Image.Image, second: Image.Image) -> float:
    smallest = min(first.size)
    window = min(7, smallest if smallest % 2 else smallest - 1)
    similarity: Callable[..., Any] = metrics.structural_similarity
    return float(similarity(np.asarray(first), np.asarray(second), channel_axis=2, win_size=max(window, 3)))


def _psnr(first: Image.Image, second: Image.Image) -> float:
    one, other = np.asarray(first), np.asarray(second)
    ratio: Callable[..., Any] = metrics.peak_signal_noise_ratio
    return PERFECT if np.array_equal(one, other) else float(ratio(one, other))


def _phash(first: Image.Image, second: Image.Image) -> float:
    """The part of 64 bits in which the perceptual hashes agree."""
    return 1.0 - float(imagehash.phash(first) - imagehash.phash(second)) / 64


METRICS: dict[str, Callable[[Image.Image, Image.Image], float]] = {
    "ssim": _ssim,
    "psnr": _psnr,
    "phash": _phash,
}
