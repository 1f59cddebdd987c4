"""Emoji pictures with names, cut to 64 pixels and recoloured: the training set's pictures."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIDE, MARGIN = 64, 2
TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
ROLES = [
    "health worker",
    "teacher",
    "judge",
    "farmer",
    "cook",
    "mechanic",
    "scientist",
    "artist",
    "pilot",
    "astronaut",
    "firefighter",
    "police officer",
    "detective",
    "construction worker",
    "superhero",
    "mage",
]
# OKLCH lightness, chroma and hue (degrees) that a colour word stands for.
COLOURS = {
    "red": (0.58, 0.22, 27.0),
    "orange": (0.72, 0.18, 55.0),
    "yellow": (0.87, 0.18, 95.0),
    "green": (0.66, 0.19, 145.0),
    "blue": (0.56, 0.19, 258.0),
    "purple": (0.52, 0.20, 303.0),
    "pink": (0.75, 0.16, 350.0),
    "black": (0.28, 0.0, 0.0),
    "white": (0.95, 0.0, 0.0),
}


@dataclass(frozen=True)
class Sprite:
    """One picture and what is known about it: RGBA floats, straight alpha."""

    name: str
    tags: tuple[str, ...]
    rgba: np.ndarray
    colour: str | None = None
    role: str | None = None
    gender: str | None = None
    tone: str | None = None


def chosen(path: Path) -> dict[str, tuple[set[str], set[str]]]:
    """Subgroup -> (names taken, or {"*"}; names left out)."""
    table = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            group, names = line.split(":", 1)
            items = {n.strip() for n in names.split(",")}
            table[group] = ({n for n in items if n[0] != "-"}, {n[1:] for n in items if n[0] == "-"})
    return table


def picture(assets: Path, hexcode: str) -> np.ndarray | None:
    """The picture of a code point sequence at training size, or None where the set has none."""
    code = hexcode.lower()
    for name in (code, code.replace("-fe0f", ""), f"{code}-fe0f"):
        path = assets / f"{name}.webp"
        if path.exists():
            side = SIDE - 2 * MARGIN
            small = (
                Image.open(path).convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")
            )
            canvas = Image.new("RGBA", (SIDE, SIDE))
            canvas.paste(small, (MARGIN, MARGIN))
            return np.asarray(canvas, dtype=np.float32) / 255
    return None


_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB to OKLab (Ottosson's matrices)."""
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """OKLab to sRGB, clipped to what a screen shows."""
    linear = np.clip(((lab @ np.linalg.inv(_TO_LAB).T) ** 3) @ np.linalg.inv(_TO_LMS).T, 0, 1)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, linear * 12.92)


def main_colour(lab: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The commonest colour of a picture as OKLab, and how much (0..1) each pixel is of it."""
    a, b, chroma = lab[..., 1], lab[..., 2], np.hypot(lab[..., 1], lab[..., 2])
    hue = np.arctan2(b, a)
    weight = alpha * np.clip((chroma - 0.03) / 0.05, 0, 1)
    if weight.sum() < 0.25 * alpha.sum():  # a grey thing: all that is neither very dark nor white
        near = np.clip((lab[..., 0] - 0.25) / 0.1, 0, 1) * np.clip((0.1 - chroma) / 0.04, 0, 1)
    else:
        bins = np.linspace(-np.pi, np.pi, 36, endpoint=False)
        gap = np.abs((hue[..., None] - bins + np.pi) % (2 * np.pi) - np.pi)
        best = bins[((gap < np.radians(30)) * weight[..., None]).sum((0, 1)).argmax()]
        distance = np.abs((hue - best + np.pi) % (2 * np.pi) - np.pi)
        near = np.clip((np.radians(55) - distance) / np.radians(20), 0, 1) * np.clip(
            (chroma - 0.02) / 0.03, 0, 1
        )
    mass = (near * alpha)[..., None]
    return (lab * mass).sum((0, 1)) / max(mass.sum(), 1e-6), near


def recolour(rgba: np.ndarray, colour: str) -> np.ndarray | None:
    """The picture with its main colour changed, or None when it is too colourful for that to read."""
    lab, alpha = to_oklab(rgba[..., :3]), rgba[..., 3]
    centre, near = main_colour(lab, alpha)
    if (near * alpha).sum() < 0.45 * alpha.sum():
        return None
    light, chroma, degrees = COLOURS[colour]
    relative = lab[..., 0] - centre[0]
    hue = np.radians(degrees)
    new_light = np.clip(light + 0.9 * relative, 0.05, 0.99)
    vividness = chroma * np.clip(1.15 - np.abs(new_light - light) * 1.5, 0.25, 1.15)
    new = np.stack([new_light, vividness * np.cos(hue), vividness * np.sin(hue)], -1)
    mixed = lab + near[..., None] * (new - lab)
    return np.concatenate([from_oklab(mixed), alpha[..., None]], -1).astype(np.float32)


def _people(entry: dict, assets: Path) -> Iterator[Sprite]:
    label = entry["label"]
    match = re.fullmatch(r"(?:(man|woman) )?(.+)", label)
    gender, role = (match.group(1), match.group(2)) if match else (None, label)
    if role not in ROLES:
        return
    for variant in [entry, *entry.get("skins", [])]:
        tone = variant.get("tone")
        rgba = picture(assets, variant["hexcode"])
        if rgba is not None:
            yield Sprite(
                label,
                tuple(entry.get("tags", ())),
                rgba,
                role=role,
                gender=gender,
                tone=TONES[tone - 1] if tone else None,
            )


def load(assets: Path, emojibase: Path) -> list[Sprite]:
    """Every sprite: people by role, gender and tone, and things in their own and in other colours."""
    groups = {
        g["order"]: g["key"] for g in json.loads((emojibase / "messages.json").read_text())["subgroups"]
    }
    table, sprites = chosen(Path(__file__).with_name("subjects.txt")), []
    for entry in json.loads((emojibase / "data.json").read_text()):
        group = groups.get(entry.get("subgroup"), "")
        if group in ("person-role", "person-fantasy"):
            sprites += _people(entry, assets)
        taken, left = table.get(group, (set(), set()))
        rgba = picture(assets, entry["hexcode"])
        if rgba is None or entry["label"] in left or not ({"*", entry["label"]} & taken):
            continue
        plain = Sprite(entry["label"], tuple(entry.get("tags", ())), rgba)
        others = ((c, recolour(rgba, c)) for c in COLOURS)
        sprites += [
            plain,
            *(Sprite(plain.name, plain.tags, other, colour=c) for c, other in others if other is not None),
        ]
    return sprites
