"""Nodes that lay pictures out: grids, tiles, and text on top."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from flowscale_runtime.nodes import declare, images, tensors
from flowscale_runtime.nodes.declare import IMAGE, Node, choice, fields, integer, number, switch, text
from flowscale_runtime.nodes.errors import NodeError
from flowscale_runtime.nodes.lazy import Image, ImageDraw, ImageFont, torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.ImageDraw import ImageDraw as Draw


class ImageGrid(Node):
    """Many pictures as one, in rows and columns."""

    TITLE = "Image Grid"
    CATEGORY = "image/transform"
    INPUT_IS_LIST = True
    REQUIRED = fields(
        images=IMAGE,
        columns=integer(4, 1, 20),
        cell_width=integer(256, 32, 2048),
        cell_height=integer(256, 32, 2048),
        padding=integer(4, 0, 50),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self,
        images: list[torch.Tensor],
        columns: list[int],
        cell_width: list[int],
        cell_height: list[int],
        padding: list[int],
    ) -> tuple[torch.Tensor]:
        pictures = [picture for batch in images for picture in tensors.with_channels(batch, 3).unsqueeze(1)]
        return (grid(pictures, columns[0], (cell_width[0], cell_height[0]), padding[0]),)


def grid(pictures: list[torch.Tensor], columns: int, cell: tuple[int, int], gap: int) -> torch.Tensor:
    """Pictures `[1,H,W,3]` in cells of one size, black where there is none."""
    across, down = min(columns, len(pictures)), math.ceil(len(pictures) / columns)
    width, height = cell
    whole = torch.zeros(1, down * (height + gap) - gap, across * (width + gap) - gap, 3)
    for index, picture in enumerate(pictures):
        y, x = (index // columns) * (height + gap), (index % columns) * (width + gap)
        whole[:, y : y + height, x : x + width] = fitted(picture, width, height)
    return whole


def fitted(picture: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """A picture in the middle of a black frame, its aspect kept."""
    factor = min(width / picture.shape[2], height / picture.shape[1])
    wide, high = max(1, int(picture.shape[2] * factor)), max(1, int(picture.shape[1] * factor))
    frame = torch.zeros(picture.shape[0], height, width, 3)
    x, y = (width - wide) // 2, (height - high) // 2
    frame[:, y : y + high, x : x + wide] = tensors.scale(picture, wide, high, "lanczos")
    return frame


def starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side, so that they cover it and the last ends with it."""
    step = tile - overlap
    if step < 1:
        raise NodeError(
            f"tiles of {tile} can't overlap by {overlap}", "use an overlap below the tile's sides"
        )
    if tile >= length:
        return [0]
    return [*range(0, length - tile, step), length - tile]


def places(size: tuple[int, int], tile: tuple[int, int], overlap: int) -> Iterator[tuple[int, int]]:
    """Corners (x, y) of tiles, row by row; sizes are (width, height)."""
    for y in starts(size[1], tile[1], overlap):
        for x in starts(size[0], tile[0], overlap):
            yield x, y


class SplitImageToTileList(Node):
    """A picture as overlapping tiles, row by row."""

    TITLE = "Split Image into List of Tiles"
    CATEGORY = "image/batch"
    OUTPUT_IS_LIST = (True,)
    REQUIRED = fields(
        image=IMAGE,
        tile_width=integer(1024, 64, 1048576),
        tile_height=integer(1024, 64, 1048576),
        overlap=integer(128, 0, 4096),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self, image: torch.Tensor, tile_width: int, tile_height: int, overlap: int
    ) -> tuple[list[torch.Tensor]]:
        corners = places((image.shape[2], image.shape[1]), (tile_width, tile_height), overlap)
        return ([image[:, y : y + tile_height, x : x + tile_width] for x, y in corners],)


class ImageMergeTileList(Node):
    """One picture of overlapping tiles, mixed smoothly where they meet."""

    TITLE = "Merge List of Tiles to Image"
    CATEGORY = "image/batch"
    INPUT_IS_LIST = True
    REQUIRED = fields(
        image_list=IMAGE,
        final_width=integer(1024, 64, 32768),
        final_height=integer(1024, 64, 32768),
        overlap=integer(128, 0, 4096),
    )
    RETURN_TYPES = ("IMAGE",)

    def run(
        self,
        image_list: list[torch.Tensor],
        final_width: list[int],
        final_height: list[int],
        overlap: list[int],
    ) -> tuple[torch.Tensor]:
        size = final_width[0], final_height[0]
        return (merged(image_list, size, overlap[0]),)


def merged(tiles: list[torch.Tensor], size: tuple[int, int], overlap: int) -> torch.Tensor:
    """Tiles back in their places; weights fall towards the sides that overlap."""
    batch, height, width, channels = tiles[0].shape
    corners = list(places(size, (width, height), overlap))
    if len(tiles) < len(corners):
        raise NodeError(
            f"{size[0]}x{size[1]} takes {len(corners)} tiles of {width}x{height}, but there are {len(tiles)}",
            "use the size and the overlap that the picture was split with",
        )
    whole = torch.zeros(batch, size[1], size[0], channels)
    weights = torch.zeros(1, size[1], size[0], 1)
    soft = torch.outer(_slope(height, overlap), _slope(width, overlap))[None, :, :, None]
    for (x, y), tile in zip(corners, tiles, strict=False):
        window = (slice(None), slice(y, y + height), slice(x, x + width))
        part = soft[:, : whole[window].shape[1], : whole[window].shape[2]]
        whole[window] += tile[:, : part.shape[1], : part.shape[2]] * part
        weights[window] += part
    return whole / weights


def _slope(length: int, overlap: int) -> torch.Tensor:
    rising = torch.arange(1, length + 1).float()
    return torch.minimum(rising, rising.flip(0)).clamp(max=max(1, overlap)) / max(1, overlap)


class TextOverlay(Node):
    """Text on pictures, wrapped to their width."""

    TITLE = "Text Overlay"
    CATEGORY = "image"
    REQUIRED = fields(
        images=IMAGE,
        text=text("", multiline=True),
        font_size=number(5.0, 0.5, 50.0, 0.5),
        color=declare.color("#ffffff"),
        position=choice(["top", "bottom"], "top"),
        align=choice(["left", "center", "right"], "left"),
        outline=switch(True),
    )
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, text: str, **style: Any) -> tuple[torch.Tensor]:
        if not text.strip():
            return (images,)
        return (torch.stack([written(picture, text, **style) for picture in images]),)


def written(
    picture: torch.Tensor,
    content: str,
    font_size: float,
    color: str,
    position: str,
    align: str,
    outline: bool,
) -> torch.Tensor:
    """A picture `[H,W,C]` with text; the size is in percent of its height."""
    layer = Image.new("RGBA", (picture.shape[1], picture.shape[0]))
    draw = ImageDraw.Draw(layer)
    size = max(1.0, picture.shape[0] * font_size / 100)
    style: dict[str, Any] = {"font": ImageFont.load_default(size), "align": align, "spacing": size / 4}
    if outline:
        style["stroke_width"] = max(1, round(size / 12))
    margin = round(size / 2)
    lines = wrapped(
        content.replace("\\n", "\n").replace("\\t", "\t"), draw, style["font"], layer.width - 2 * margin
    )
    left, top, right, bottom = draw.multiline_textbbox((0, 0), lines, **style)
    across = {
        "left": margin,
        "center": (layer.width - (right - left)) / 2,
        "right": layer.width - margin - (right - left),
    }
    down = margin if position == "top" else layer.height - margin - (bottom - top)
    fill = tuple(round(part * 255) for part in tensors.hex_color(color))
    draw.multiline_text((across[align] - left, down - top), lines, fill=fill, stroke_fill="black", **style)
    ink, clear = images.to_tensors(layer)
    colors = torch.lerp(ink, tensors.with_channels(picture, 3).cpu(), clear.unsqueeze(-1))
    return torch.cat([colors, picture[..., 3:].cpu()], dim=-1)


def wrapped(content: str, draw: Draw, font: Any, width: float) -> str:
    """Text with lines that are no wider than a width, as far as words allow."""
    lines: list[str] = []
    for paragraph in content.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and draw.textlength(longer, font=font) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "\n".join(lines)


class RandomCropImages(Node):
    """Cut a rectangle out of pictures at a place that the seed decides."""

    TITLE = "Random Crop Images"
    CATEGORY = "image/transform"
    REQUIRED = fields(
        images=IMAGE,
        width=integer(512, 1, 8192),
        height=integer(512, 1, 8192),
        seed=integer(0, 0, declare.MAX_SEED),
    )
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("images",)

    def run(self, images: torch.Tensor, width: int, height: int, seed: int) -> tuple[torch.Tensor]:
        source = torch.Generator().manual_seed(seed)
        wide, high = min(width, images.shape[2]), min(height, images.shape[1])
        x, y = (
            int(torch.randint(0, free + 1, (1,), generator=source))
            for free in (images.shape[2] - wide, images.shape[1] - high)
        )
        return (images[:, y : y + high, x : x + wide],)
