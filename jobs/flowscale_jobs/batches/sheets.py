"""A contact sheet: many pictures on one page, each with its number."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

CELL, LABEL, COLUMNS = 192, 16, 8


def sheet(pictures: Sequence[tuple[str, bytes]]) -> bytes:
    """A JPEG of all pictures under their labels; one that can't be read is an empty cell."""
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * CELL, rows * (CELL + LABEL)), "white")
    drawing = ImageDraw.Draw(page)
    for place, (label, content) in enumerate(pictures):
        left, top = place % columns * CELL, place // columns * (CELL + LABEL)
        small = _small(content)
        if small is not None:
            page.paste(small, (left + (CELL - small.width) // 2, top + (CELL - small.height) // 2))
        drawing.text((left + 4, top + CELL + 2), label, fill="black")
    file = io.BytesIO()
    page.save(file, "JPEG", quality=88)
    return file.getvalue()


def _small(content: bytes) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(content)) as opened:
            return ImageOps.contain(ImageOps.exif_transpose(opened).convert("RGB"), (CELL - 8, CELL - 8))
    except (UnidentifiedImageError, OSError):
        return None
