"""Notebooks: a bar that reaches its end, outputs that stay in the notebook."""

import sys

import pytest

from flowscale.integrations.jupyter import Gallery, JupyterClient
from flowscale.testing import FakeOutput, FakeServer, MockFlowScaleClient, png


class Bar:
    """Remembers what a progress bar was told."""

    def __init__(self, **options):
        self.options, self.n, self.seen = options, 0, []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.closed = True

    def set_description(self, text):
        self.seen.append(text)

    def update(self, step):
        self.n += step


def test_the_bar_follows_the_run():
    bars = []
    client = JupyterClient(
        MockFlowScaleClient(FakeServer(duration=60)),
        bar=lambda **options: bars.append(Bar(**options)) or bars[0],
    )
    assert client.execute_with_progress(prompt="detailed artwork", steps=50).ok
    assert (bars[0].n, bars[0].options["total"], bars[0].closed) == (100, 100, True)
    assert (bars[0].seen[0], bars[0].seen[-1]) == ("queued", "completed")


def test_the_real_bar_works_too(capsys):
    assert JupyterClient(MockFlowScaleClient()).execute_with_progress(prompt="x").ok
    assert "completed: 100%" in capsys.readouterr().err


def test_outputs_are_shown_by_their_kind_and_names_cannot_inject():
    outputs = [
        FakeOutput("<b>.png", png(), "image/png"),
        FakeOutput("a.mp4", b"film", "video/mp4"),
        FakeOutput("a.flac", b"sound", "audio/flac"),
        FakeOutput("a.txt", b"1 < 2", "text/plain"),
        FakeOutput("a.glb", b"mesh", "model/gltf-binary"),
    ]
    shown = []
    client = MockFlowScaleClient(FakeServer(outputs=outputs))
    JupyterClient(client, display=shown.append).display_result(client.runs.execute(prompt="x"))
    page = shown[0]._repr_html_()
    assert [page.count(tag) for tag in ("<img", "<video", "<audio", "<pre>1 &lt; 2</pre>", "<a href")] == [
        1
    ] * 5
    assert 'src="data:image/png;base64,iVBOR' in page
    assert "<b>" not in page


def test_a_run_without_outputs_is_shown_as_such():
    client = MockFlowScaleClient(FakeServer(outputs=[]))
    assert Gallery(client.runs.execute(prompt="x"))._repr_html_().endswith("completed, 0 outputs</p>")


def test_a_missing_notebook_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    client = MockFlowScaleClient()
    with pytest.raises(ImportError, match=r"flowscale-sdk\[jupyter\]"):
        JupyterClient(client).display_result(client.runs.execute(prompt="x"))
