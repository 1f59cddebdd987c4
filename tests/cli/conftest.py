"""The command in this process and in others, servers that it starts, and inputs for runs."""

import io
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from PIL import Image

from flowscale_cli import main
from flowscale_cli.connection import running_server

PROGRAM = str(Path(sys.executable).parent / "flowscale")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def flowscale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Runs the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("FLOWSCALE_BASE_URL", "FLOWSCALE_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: Any) -> Done:
        monkeypatch.setattr(sys, "argv", ["flowscale", *map(str, words)])
        capsys.readouterr()
        try:
            main.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        heard = capsys.readouterr()
        return Done(code, heard.out, heard.err)

    return call


@dataclass
class Server:
    """A `flowscale serve` of its own."""

    folder: Path
    data: Path
    words: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        known = running_server(self.data)
        assert known
        return known["url"]

    @property
    def key(self) -> str:
        return (self.data / "owner.key").read_text().strip()

    def start(self) -> "Server":
        log = self.data.with_name(f"{self.data.name}.log")
        command = [PROGRAM, "serve", self.folder, "--port", "0", "--data", self.data, *self.words]
        with log.open("ab") as file:
            self.process = subprocess.Popen(list(map(str, command)), stdout=file, stderr=file)
        for _ in range(600):
            assert self.process.poll() is None, log.read_text()
            if running_server(self.data) and self._ready():
                return self
            time.sleep(0.1)
        raise AssertionError(f"not ready after 60 s: {log.read_text()}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except (httpx.HTTPError, AssertionError):
            return False


@pytest.fixture(scope="session")
def environment() -> dict[str, str]:
    """The environment of processes, without a server of the person who runs the tests."""
    return {key: value for key, value in os.environ.items() if not key.startswith("FLOWSCALE_")}


@pytest.fixture(scope="session")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec folder with three small deployments: hello, resize, and slow, which takes its time."""
    from flowscale_cli import templates

    root = tmp_path_factory.mktemp("specs")
    for name in ("hello", "resize"):
        (root / name).mkdir()
        (root / name / "flowscale.yaml").write_text(templates.find(name).spec)
        (root / name / "workflow.json").write_text(templates.find(name).workflow)
    slow(root / "slow")
    return root


@pytest.fixture(scope="session")
def start() -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the tests, if not before."""
    started: list[Server] = []

    def one(folder: Path, data: Path, *words: str) -> Server:
        started.append(Server(folder, data, words))
        return started[-1].start()

    yield one
    for each in started:
        each.stop()


@pytest.fixture(scope="session")
def server(hello: Path, start: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server of that folder for all tests."""
    return start(hello, tmp_path_factory.mktemp("server") / "data")


def slow(folder: Path) -> None:
    """A spec folder whose deployment sleeps for some seconds, or fails."""
    nodes = folder / "custom_nodes"
    nodes.mkdir(parents=True)
    (nodes / "sleeping.py").write_text(
        """
import time

class Sleep:
    INPUT_TYPES = classmethod(lambda cls: {"required": {"seconds": ("FLOAT", {"default": 0.0, "min": -1.0})}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("STRING",), "run", "tests"

    def run(self, seconds):
        if seconds < 0:
            raise ValueError("no sleep of less than nothing")
        print(f"sleeping for {seconds} s", flush=True)
        time.sleep(seconds)
        return (f"slept for {seconds} s",)

NODE_CLASS_MAPPINGS = {"Sleep": Sleep}
"""
    )
    (folder / "workflow.json").write_text(
        '{"1": {"class_type": "Sleep", "inputs": {"seconds": 0.0}},'
        ' "2": {"class_type": "SaveText", "inputs": {"text": ["1", 0], "filename_prefix": "slept", "format": "txt"}}}'
    )
    (folder / "flowscale.yaml").write_text(
        """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: slow}
spec: {inputs: {seconds: {from: 1.seconds}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: slow}
spec: {workflow: slow}
"""
    )


@pytest.fixture(scope="session")
def photo() -> "np.ndarray[Any, Any]":
    """96 × 64 pixels, all different: red grows to the right, green downwards."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[..., 0] = np.arange(96) * 2
    pixels[..., 1] = np.arange(64)[:, None] * 3
    pixels[..., 2] = 50
    return pixels


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory, photo: "np.ndarray[Any, Any]") -> Path:
    """Files for inputs: photo.png, mask.png, green.png, recording.wav, film.mp4."""
    folder = tmp_path_factory.mktemp("media")
    Image.fromarray(photo).save(folder / "photo.png")
    mask = np.zeros((64, 96), np.uint8)
    mask[:, 48:] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    Image.fromarray(np.where(mask[..., None] > 0, (0, 255, 0), photo).astype(np.uint8)).save(
        folder / "green.png"
    )
    (folder / "recording.wav").write_bytes(recording())
    film(folder / "film.mp4")
    return folder


def recording(seconds: float = 2.0, rate: int = 8000) -> bytes:
    """A tone as WAV."""
    file = io.BytesIO()
    tone = (np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * 440 / rate) * 8000).astype("<i2")
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, rate, 0, "NONE", "not compressed"))
        written.writeframes(tone.tobytes())
    return file.getvalue()


def film(path: Path, frames: int = 8, rate: int = 8) -> None:
    """A film of grey pictures that get lighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            picture = np.full((48, 64, 3), 20 + number * 25, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
