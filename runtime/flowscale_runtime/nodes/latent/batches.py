"""Nodes that stack latents and take stacks apart."""

from __future__ import annotations

from typing import Any

from flowscale_runtime.nodes import declare, tensors
from flowscale_runtime.nodes.declare import LATENT, Node, choice, fields, integer
from flowscale_runtime.nodes.dynamic import DynamicNode
from flowscale_runtime.nodes.latent.values import Latent, axis_of, places, scale, with_samples
from flowscale_runtime.nodes.lazy import torch


def joined(latents: list[Latent]) -> Latent:
    """One batch of several, at the size of the first, each with its places."""
    first = latents[0]["samples"]
    parts = [latent["samples"] for latent in latents]
    fitted = [
        part
        if part.shape[1:] == first.shape[1:]
        else scale(part, first.shape[-1], first.shape[-2], "bilinear", "center")
        for part in parts
    ]
    order = [place for latent in latents for place in places(latent)]
    return {**with_samples(latents[0], torch.cat(fitted)), "batch_index": order}


class LatentBatch(Node):
    """One batch of two; the second is brought to the size of the first."""

    TITLE = "Batch Latents"
    CATEGORY = "latent/batch"
    REQUIRED = fields(samples1=LATENT, samples2=LATENT)
    RETURN_TYPES = ("LATENT",)

    def run(self, samples1: Latent, samples2: Latent) -> tuple[Latent]:
        return (joined([samples1, samples2]),)


class BatchLatentsNode(DynamicNode):
    """One batch of up to fifty; all are brought to the size of the first."""

    TITLE = "Batch Latents"
    CATEGORY = "latent"
    REQUIRED = fields(latents=declare.growing("latent", LATENT, "latent", minimum=1, maximum=50))
    RETURN_TYPES = ("LATENT",)

    def run(self, **given: Any) -> tuple[Latent]:
        return (joined(list(declare.nested("latents", given).values())),)


class LatentFromBatch(Node):
    """A run of latents out of a batch."""

    TITLE = "Latent From Batch"
    CATEGORY = "latent/batch"
    REQUIRED = fields(samples=LATENT, batch_index=integer(0, 0, 63), length=integer(1, 1, 64))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, batch_index: int, length: int) -> tuple[Latent]:
        start = min(samples["samples"].shape[0] - 1, batch_index)
        return (part_of(samples, start, length),)


def part_of(latent: Latent, start: int, length: int) -> Latent:
    """Some latents of a batch, with their masks and places."""
    whole = latent["samples"]
    window = slice(start, min(whole.shape[0], start + length))
    part = {**with_samples(latent, whole[window].clone()), "batch_index": places(latent)[window]}
    if (mask := latent.get("noise_mask")) is not None:
        part["noise_mask"] = mask[window].clone() if mask.shape[0] > 1 else mask.clone()
    return part


class RepeatLatentBatch(Node):
    """The same batch several times over."""

    TITLE = "Repeat Latent Batch"
    CATEGORY = "latent/batch"
    REQUIRED = fields(samples=LATENT, amount=integer(1, 1, 64))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, amount: int) -> tuple[Latent]:
        whole = samples["samples"]
        repeated = with_samples(samples, whole.repeat(amount, *[1] * (whole.ndim - 1)))
        mask = samples.get("noise_mask")
        if mask is not None and mask.shape[0] > 1:
            whole_mask = tensors.repeat_to(mask, whole.shape[0])
            repeated["noise_mask"] = whole_mask.repeat(amount, *[1] * (mask.ndim - 1))
        if "batch_index" in samples:
            order = samples["batch_index"]
            size = max(order) - min(order) + 1
            repeated["batch_index"] = [place + size * turn for turn in range(amount) for place in order]
        return (repeated,)


class RebatchLatents(Node):
    """Batches of another size, in the same order."""

    TITLE = "Rebatch Latents"
    CATEGORY = "latent/batch"
    INPUT_IS_LIST = True
    OUTPUT_IS_LIST = (True,)
    REQUIRED = fields(latents=LATENT, batch_size=integer(1, 1, 4096))
    RETURN_TYPES = ("LATENT",)

    def run(self, latents: list[Latent], batch_size: list[int]) -> tuple[list[Latent]]:
        whole = joined(latents)
        total, size = whole["samples"].shape[0], batch_size[0]
        return ([part_of(whole, start, size) for start in range(0, total, size)],)


class LatentCutToBatch(Node):
    """Slices of latents along a dimension as a batch; what is left over is dropped."""

    TITLE = "Cut Latent to Batch"
    CATEGORY = "latent/advanced"
    REQUIRED = fields(samples=LATENT, dim=choice(["t", "x", "y"]), slice_size=integer(1, 1))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, dim: str, slice_size: int) -> tuple[Latent]:
        whole = samples["samples"]
        axis = axis_of(whole, dim)
        size = min(slice_size, whole.shape[axis])
        slices = [whole.narrow(axis, start, size) for start in range(0, whole.shape[axis] - size + 1, size)]
        return (with_samples(samples, torch.stack(slices, dim=1).flatten(0, 1)),)


class TrimVideoLatent(Node):
    """A video latent without its first frames."""

    TITLE = "Trim Video Latent"
    CATEGORY = "latent/video"
    REQUIRED = fields(samples=LATENT, trim_amount=integer(0, 0, 99999))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, trim_amount: int) -> tuple[Latent]:
        return (with_samples(samples, samples["samples"][:, :, trim_amount:]),)


class LatentBatchSeedBehavior(Node):
    """Whether the latents of a batch get noise of their own, or all the same."""

    TITLE = "Latent Batch Seed Behavior"
    CATEGORY = "advanced"
    REQUIRED = fields(samples=LATENT, seed_behavior=choice(["random", "fixed"], "fixed"))
    RETURN_TYPES = ("LATENT",)

    def run(self, samples: Latent, seed_behavior: str) -> tuple[Latent]:
        kept = {name: value for name, value in samples.items() if name != "batch_index"}
        if seed_behavior == "random":
            return (kept,)
        return ({**kept, "batch_index": [places(samples)[0]] * samples["samples"].shape[0]},)
