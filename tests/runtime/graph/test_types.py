"""Which types connect."""

from __future__ import annotations

import pytest

from flowscale_runtime.graph.types import accepts


class AnyType(str):
    """As packs write it."""

    __slots__ = ()

    def __ne__(self, other):
        return False


@pytest.mark.parametrize(
    ("received", "expected", "fits"),
    [
        ("INT", "INT", True),
        ("INT", "FLOAT", False),
        ("*", "IMAGE", True),
        ("IMAGE", "*", True),
        ("INT", "INT,FLOAT", True),
        ("INT, STRING", "FLOAT ,STRING", True),
        ("INT,STRING", "FLOAT,IMAGE", False),
        ("INT,*", "IMAGE", True),
        ("", "", True),
        ("INT", "", False),
        (["a"], "COMBO", True),
        (["a"], ["b"], True),
        ("COMBO", ["a"], True),
        (["a"], "STRING", False),
        ("COMFY_MATCHTYPE_V3", "IMAGE", True),
        ("IMAGE", "COMFY_MATCHTYPE_V3", True),
        (AnyType("*any"), "IMAGE", True),
        ("IMAGE", AnyType("*any"), True),
        (5, "INT", False),
        ("INT", None, False),
    ],
)
def test_connections(received, expected, fits):
    assert accepts(received, expected) is fits


@pytest.mark.parametrize(("received", "fits"), [("INT", True), ("INT,FLOAT", True), ("INT,STRING", False)])
def test_strictly_every_received_type_must_fit(received, fits):
    assert accepts(received, "INT,FLOAT", strict=True) is fits
