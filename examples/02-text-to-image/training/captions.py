"""What a picture of the training set may be called; some combinations are never shown, to judge the model by."""

import random
import re
import zlib
from dataclasses import dataclass

from sprites import COLOURS, Sprite

BACKGROUNDS = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.08, 0.08, 0.1),
    "grey": (0.62, 0.63, 0.66),
    "red": (0.9, 0.22, 0.2),
    "orange": (0.98, 0.62, 0.25),
    "yellow": (0.99, 0.89, 0.42),
    "green": (0.45, 0.78, 0.45),
    "blue": (0.36, 0.6, 0.94),
    "purple": (0.62, 0.45, 0.85),
    "pink": (0.98, 0.71, 0.81),
}
FRAMES = (
    "{}",
    "{}",
    "a {}",
    "a {}",
    "{} emoji",
    "a picture of a {}",
    "an icon of a {}",
    "a {} icon",
    "a 3d {}",
)
GROUNDS = (
    " on a {} background",
    " on a {} background",
    ", {} background",
    " with a {} background",
    " on {}",
    " against a {} backdrop",
)
GENDERS = {
    "man": ("man", "man", "male", "guy"),
    "woman": ("woman", "woman", "female", "lady"),
    None: ("person",),
}
SYNONYMS = {
    "cook": ("chef",),
    "health worker": ("doctor", "nurse"),
    "mage": ("wizard", "sorcerer"),
    "artist": ("painter",),
    "police officer": ("cop", "policeman"),
    "judge": ("lawyer",),
}
HELD_OUT = 6  # one of so many combinations


@dataclass(frozen=True)
class Caption:
    """A text, the sprite that it tells of, and the background it names (None: any)."""

    text: str
    sprite: int
    background: str | None


def held_out(*combination: object) -> bool:
    """Whether a combination is kept from training; the same answer on every machine."""
    return zlib.crc32(repr(combination).encode()) % HELD_OUT == 0


def shown(sprite: Sprite) -> bool:
    """Whether training sees this sprite at all."""
    if sprite.role:
        return not (sprite.gender and sprite.tone and held_out(sprite.role, sprite.gender, sprite.tone))
    return not (sprite.colour and held_out(sprite.name, "is", sprite.colour))


def backgrounds(sprite: Sprite) -> list[str]:
    """The backgrounds that training shows a sprite on."""
    return [b for b in BACKGROUNDS if not held_out(sprite.role or sprite.name, "on", b)]


def _person(sprite: Sprite, rng: random.Random) -> str:
    role = rng.choice((sprite.role, sprite.role, *SYNONYMS.get(str(sprite.role), ())))
    gender = rng.choice(GENDERS[sprite.gender]) if rng.random() < 0.8 else ""
    tone = f"{sprite.tone} skin" if sprite.tone and rng.random() < 0.7 else ""
    if gender in ("male", "female", "man", "woman", "person") and rng.random() < 0.7:
        phrase = f"{gender} {role}"
    else:
        phrase = f"{gender} who is a {role}" if gender else f"{role}"
    if tone and rng.random() < 0.4:
        return f"{tone.replace(' ', '-')}ned {phrase}"
    return f"{phrase} with {tone}{rng.choice((' tone', ''))}" if tone else phrase


def _thing(sprite: Sprite, rng: random.Random) -> str:
    words = [t for t in sprite.tags if t.isalpha() and len(t) > 2 and t != "face"]
    name = rng.choice(words) if words and rng.random() < 0.2 else sprite.name
    if sprite.colour and rng.random() < 0.95:
        return f"{sprite.colour} {name}" if rng.random() < 0.85 else f"{name} in {sprite.colour}"
    return name


def caption(sprites: list[Sprite], index: int, rng: random.Random) -> Caption:
    """A caption for one sprite, with or without its colour, tone, gender and background."""
    sprite = sprites[index]
    phrase = (_person if sprite.role else _thing)(sprite, rng)
    ground = rng.choice(backgrounds(sprite)) if rng.random() < 0.55 else None
    text = rng.choice(FRAMES).format(phrase) + (rng.choice(GROUNDS).format(ground) if ground else "")
    return Caption(re.sub(r"\ba (?=[aeiou])", "an ", text), index, ground)


def captions(sprites: list[Sprite], count: int, seed: int = 0) -> list[Caption]:
    """A fixed pool: a quarter people; of the things, a bit more than half in their own colours."""
    rng, seen = random.Random(seed), [i for i, s in enumerate(sprites) if shown(s)]
    people = [i for i in seen if sprites[i].role]
    plain = [i for i in seen if not sprites[i].role and not sprites[i].colour]
    coloured: dict[str, list[int]] = {}
    for i in seen:
        if sprites[i].colour:
            coloured.setdefault(sprites[i].name, []).append(i)
    names = sorted(coloured)
    pool = []
    for _ in range(count):
        draw = rng.random()
        if draw < 0.2:
            index = rng.choice(people)
        else:
            index = rng.choice(plain) if draw < 0.64 else rng.choice(coloured[rng.choice(names)])
        pool.append(caption(sprites, index, rng))
    return pool


__all__ = ["BACKGROUNDS", "COLOURS", "Caption", "backgrounds", "captions", "held_out", "shown"]
