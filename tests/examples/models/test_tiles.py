"""The arithmetic of tiles."""

import importlib

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture(scope="module")
def tiles(loaded):
    return importlib.import_module(loaded.classes["SuperResolution"].__module__.replace(".nodes", ".tiles"))


@given(length=st.integers(1, 500), tile=st.integers(1, 200), margin=st.integers(0, 30))
def test_tiles_cover_a_side_once_and_see_their_margin(tiles, length, tile, margin):
    made = tiles.spans(length, tile, margin)
    assert [p for span in made for p in range(span.start, span.stop)] == list(range(length))
    assert all(span.stop - span.start <= tile for span in made)
    assert all(span.low == max(0, span.start - margin) for span in made)
    assert all(span.high == min(length, span.stop + margin) for span in made)
