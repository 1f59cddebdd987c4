"""Folders of a run in a temporary place, and the packs of FlowScale."""

from importlib.metadata import EntryPoint

import pytest

from flowscale_runtime.nodes import folders, packs

NAMES = ("audio", "fs", "image", "latent", "mask", "primitives", "text", "three_d", "video")


@pytest.fixture
def place(tmp_path):
    """The folders that nodes see."""
    made = folders.Folders(
        *(tmp_path / name for name in ("input", "output", "temp", "user")),
        models={"loras": [tmp_path / "loras"]},
    )
    for path in (made.input, made.output, made.temp, made.user, tmp_path / "loras"):
        path.mkdir()
    before = folders._current
    folders.use(made)
    yield made
    folders._current = before


@pytest.fixture(scope="session")
def own_packs():
    """Our packs, loaded by entry points of our own."""
    points = [EntryPoint(name, f"flowscale_runtime.nodes.{name}", packs.GROUP) for name in NAMES]
    return packs.load(entry_points=points)


@pytest.fixture(scope="session")
def node(own_packs):
    """Call a node class as the executor would: `node("ImageInvert", image=...)`."""

    def call(name, **inputs):
        cls = own_packs.classes[name]
        value = getattr(cls(), cls.FUNCTION)(**inputs)
        return value["result"] if isinstance(value, dict) and "result" in value else value

    return call


@pytest.fixture(scope="session")
def attempt():
    """Call something that may be refused: `(value, None)` or `(None, error)`; other errors pass through."""

    def call(kind, function, *arguments):
        try:
            return function(*arguments), None
        except kind as error:
            return None, error

    return call
