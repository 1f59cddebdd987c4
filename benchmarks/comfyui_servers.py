"""A ComfyUI server behind a deployment: what a run takes through FlowScale, over the same prompt sent to the server itself.

    python benchmarks/comfyui_servers.py [--nodes 5 50] [--runs 40] [--comfyui URL]

Without `--comfyui` our own server of ComfyUI's protocol stands where ComfyUI would. A client of the server keeps one WebSocket
open, posts a prompt, hears it to its end and fetches the picture; through FlowScale one request waits for the run, and another
fetches the picture. Both ask in turns; every run has another colour, so nothing is cached.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from measuring import Measured, Report, Table, milliseconds, ratio
from servers import flowscale, write
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servers import FlowScale

COLOR = ("color", "first.color")
WARM = 3  # runs before those that count
QUICK = ("--runs", "15")


def main() -> None:
    print(measure(arguments(argparse.ArgumentParser(description=__doc__)).parse_args()).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--nodes", type=int, nargs="+", default=[5, 50, 500])
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--comfyui", metavar="URL", help="a ComfyUI server that runs already")
    return parser


def measure(options: argparse.Namespace) -> Report:
    """The median run both ways, for graphs of each size."""
    with tempfile.TemporaryDirectory() as scratch, served(options.comfyui, Path(scratch)) as server:
        front = Path(scratch) / "front"
        graphs = {f"chain-{nodes}": graph(nodes, 0) for nodes in options.nodes}
        write(front, graphs, COLOR, f"comfyui: [{server}]")
        with flowscale(front) as ours, directly(server) as direct:
            found = {nodes: medians(direct, ours, nodes, options.runs) for nodes in options.nodes}
    rows = [
        (f"{nodes}", milliseconds(bare), milliseconds(through), ratio(through, bare))
        for nodes, (bare, through) in found.items()
    ]
    columns = ("nodes", "the server alone ms", "through FlowScale ms", "through over alone")
    bare, through = next(iter(found.values()))
    return Report(
        [Table("A picture from a ComfyUI server, median", columns, rows)],
        {"comfyui_servers": Measured(through / bare, f"{options.nodes[0]} nodes, one run after another")},
    )


@contextmanager
def served(url: str | None, scratch: Path) -> Iterator[str]:
    """The address of a ComfyUI server: the one that is given, or one of ours."""
    if url:
        yield url
        return
    folder = scratch / "server"
    write(folder, {"any": graph(2, 0)}, COLOR, "cache: {enabled: false}")
    with flowscale(folder, comfyui_port=0) as there:
        yield json.loads((there.data / "server.json").read_text())["comfyui_url"]


def graph(nodes: int, color: int) -> dict[str, Any]:
    """A small picture that passes so many nodes."""
    plain = {"width": 16, "height": 16, "batch_size": 1, "color": color}
    found: dict[str, Any] = {"first": {"class_type": "EmptyImage", "inputs": plain}}
    last = "first"
    for number in range(nodes - 2):
        found[f"{number}"] = {"class_type": "ImageInvert", "inputs": {"image": [last, 0]}}
        last = f"{number}"
    saved = {"images": [last, 0], "filename_prefix": "chain"}
    return found | {"last": {"class_type": "SaveImage", "inputs": saved}}


@contextmanager
def directly(url: str) -> Iterator[Direct]:
    """A client of a ComfyUI server, with its connections."""
    client_id = uuid.uuid4().hex
    address = f"ws{url.removeprefix('http')}/ws?clientId={client_id}"
    with (
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
        connect(address, proxy=None, max_size=None) as socket,
    ):
        yield Direct(client_id, http, socket)


class Direct:
    """A client of a ComfyUI server, as a script has it."""

    def __init__(self, client_id: str, http: httpx.Client, socket: ClientConnection) -> None:
        self._id, self._http, self._socket = client_id, http, socket

    def picture(self, prompt: dict[str, Any]) -> bytes:
        """What a prompt saves."""
        posted = self._http.post("/prompt", json={"prompt": prompt, "client_id": self._id})
        prompt_id = posted.raise_for_status().json()["prompt_id"]
        while True:
            frame = self._socket.recv()
            if isinstance(frame, str):
                told = json.loads(frame)
                if told["type"] == "executing" and told["data"] == {"node": None, "prompt_id": prompt_id}:
                    break
        entry = self._http.get(f"/history/{prompt_id}").json()[prompt_id]
        (image,) = entry["outputs"]["last"]["images"]
        return self._http.get("/view", params=image).raise_for_status().content


def medians(direct: Direct, ours: FlowScale, nodes: int, runs: int) -> tuple[float, float]:
    """Seconds of the median run both ways, asked in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    with httpx.Client(
        base_url=ours.url, headers={"X-API-KEY": ours.key}, timeout=60, trust_env=False
    ) as http:
        for number in range(-WARM, runs):
            color = (number + WARM) * 2 + nodes * 1000
            started = time.perf_counter()
            direct.picture(graph(nodes, color))
            between = time.perf_counter()
            reply = http.post(f"/api/v1/runs?workflow_id=chain-{nodes}&wait=60", json={"color": color + 1})
            told = reply.raise_for_status().json()["data"]
            if told["status"] != "completed":
                raise SystemExit(f"a run failed: {told['error']}")
            http.get(told["outputs"][0]["url"]).raise_for_status()
            ended = time.perf_counter()
            if number >= 0:
                times[0].append(between - started)
                times[1].append(ended - between)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
