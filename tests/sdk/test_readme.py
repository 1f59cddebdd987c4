"""Every sample of the README runs, in order, against the fake server."""

import re
from pathlib import Path

import pytest

import flowscale
from flowscale import AsyncFlowScaleClient, FlowScaleClient
from flowscale.testing import FakeServer, png

README = Path(flowscale.__file__).parent.parent / "README.md"
SAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A fake server that the clients of the samples reach, in a folder with a photo."""
    fake = FakeServer(api_key="your-api-key", duration=60)

    def over(kind):
        return lambda *args, **options: kind(*args, transport=fake, clock=fake.clock, **options)

    monkeypatch.setattr(flowscale, "FlowScaleClient", over(FlowScaleClient))
    monkeypatch.setattr(flowscale, "AsyncFlowScaleClient", over(AsyncFlowScaleClient))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(png())
    return fake


def test_the_samples_run_as_they_stand(server, capsys):
    names = {"__name__": "readme"}
    for number, sample in enumerate(SAMPLES, start=1):
        exec(
            compile(sample, f"README.md, sample {number}", "exec"), names
        )  # one after the other, as a reader would
    printed = capsys.readouterr().out
    assert "completed 100 %" in printed
    assert Path("mountain.png").read_bytes() == Path("forest.png").read_bytes() == png()
    assert len(server.runs) > 10


def test_there_are_samples():
    assert len(SAMPLES) > 12
