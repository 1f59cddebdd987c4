"""What the training of the text-to-image example may see, and what it must not."""

import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLE = Path(__file__).parents[3] / "examples/02-text-to-image"


@pytest.fixture(scope="module")
def training(monkeypatch_module):
    monkeypatch_module.syspath_prepend(str(EXAMPLE / "training"))
    import captions
    import sprites

    yield captions, sprites
    for name in ("captions", "sprites"):
        del sys.modules[name]


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


PEOPLE = [  # those of the contact sheet
    ("health worker", "woman", "dark"),
    ("teacher", "man", "medium"),
    ("construction worker", "man", "dark"),
    ("scientist", "woman", "medium-dark"),
    ("firefighter", "man", "medium-dark"),
    ("mechanic", "woman", "dark"),
    ("superhero", "man", "medium"),
    ("judge", "woman", "light"),
]


def test_held_out_combinations_never_come_into_a_caption(training):
    captions, sprites = training
    blank = np.zeros((64, 64, 4), np.float32)
    foxes = [sprites.Sprite("fox", (), blank, colour=colour) for colour in (None, *sprites.COLOURS)]
    judges = [
        sprites.Sprite("judge", (), blank, role="judge", gender="woman", tone=tone)
        for tone in ("light", "dark")
    ]
    made = [*foxes, *judges]
    pool = captions.captions(made, 2000)
    seen = {made[c.sprite].colour for c in pool if made[c.sprite].name == "fox"}
    assert seen == {None} | {c for c in sprites.COLOURS if not captions.held_out("fox", "is", c)}
    assert len(seen) < len(foxes)
    assert {made[c.sprite].tone for c in pool if made[c.sprite].role} == {"dark"}
    grounds = {c.background for c in pool if made[c.sprite].name == "fox"}
    assert grounds == {None} | {b for b in captions.BACKGROUNDS if not captions.held_out("fox", "on", b)}


def test_people_of_the_contact_sheet_are_held_out(training):
    captions, _ = training
    assert [captions.held_out(*person) for person in PEOPLE] == [True] * len(PEOPLE)


def test_prompts_of_the_contact_sheet_are_held_out(training):
    captions, _ = training
    text = (EXAMPLE / "prompts.txt").read_text()
    things = [line for line in text.split("# People")[0].splitlines() if line and not line.startswith("#")]
    for line in things:
        words = re.split(r" on an? ", line)
        _, colour, name = words[0].split(" ", 2)
        ground = words[1].split()[0] if len(words) > 1 else None
        assert captions.held_out(name, "is", colour) or (ground and captions.held_out(name, "on", ground)), (
            line
        )
    assert len(things) == 32


def test_captions_say_a_and_an_as_english_does(training):
    captions, sprites = training
    owl = sprites.Sprite("owl", (), np.zeros((64, 64, 4), np.float32))
    texts = {captions.caption([owl], 0, random.Random(seed)).text for seed in range(300)}
    assert any(text.startswith("an owl") for text in texts)
    assert not any("a owl" in text.replace("a 3d", "") for text in texts)


def test_recolouring_changes_the_main_colour_and_keeps_the_rest(training):
    _, sprites = training
    rgba = np.zeros((64, 64, 4), np.float32)
    rgba[8:48, 8:56] = (0.9, 0.2, 0.1, 1)  # a red apple
    rgba[48:56, 8:56] = (1, 1, 1, 1)  # on a white plate
    blue = sprites.recolour(rgba, "blue")
    assert blue[20, 20, 2] > 0.7 > 0.5 > blue[20, 20, 0]
    assert np.allclose(blue[50, 20], 1, atol=0.01)
    assert (blue[..., 3] == rgba[..., 3]).all()


def test_a_picture_of_many_colours_is_not_recoloured(training):
    _, sprites = training
    rgba = np.ones((64, 64, 4), np.float32)
    for band, colour in enumerate([(1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1)]):
        rgba[:, band * 11 : band * 11 + 11, :3] = colour
    assert sprites.recolour(rgba, "blue") is None
