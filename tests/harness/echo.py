"""A folder whose deployment works quickly, slowly or not at all, served by a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PROGRAM = str(Path(sys.executable).parent / "flowscale")
SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: echo}
spec: {inputs: {text: {from: 1.text}, seconds: {from: 1.seconds}}}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: echo}
spec: {workflow: echo, limits: {queue: 500, attempts: 5}}
"""
NODE = """
import time

class Echo:
    INPUT_TYPES = classmethod(lambda cls: {"required": {
        "text": ("STRING", {"default": ""}), "seconds": ("FLOAT", {"default": 0.0, "min": 0.0})}})
    RETURN_TYPES, FUNCTION, CATEGORY = ("STRING",), "run", "tests"

    def run(self, text, seconds):
        if text == "poison":
            raise ValueError("this text is poisoned")
        time.sleep(seconds)
        return (text,)

NODE_CLASS_MAPPINGS = {"Echo": Echo}
"""
GRAPH = {
    "1": {"class_type": "Echo", "inputs": {"text": "", "seconds": 0.0}},
    "2": {
        "class_type": "SaveText",
        "inputs": {"text": ["1", 0], "filename_prefix": "said", "format": "txt"},
    },
}


def write_specs(folder: Path, *more: str) -> Path:
    """A spec folder with the deployment `echo`, and more documents."""
    (folder / "custom_nodes").mkdir(parents=True)
    (folder / "custom_nodes" / "echo.py").write_text(NODE)
    (folder / "workflow.json").write_text(json.dumps(GRAPH))
    (folder / "flowscale.yaml").write_text("---\n".join([SPEC, *more]))
    return folder


@dataclass
class Served:
    """A server of a folder, and commands beside it."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def data(self) -> Path:
        return self.folder / ".flowscale"

    @property
    def url(self) -> str:
        return str(json.loads((self.data / "server.json").read_text())["url"])

    @property
    def key(self) -> str:
        return (self.data / "owner.key").read_text().strip()

    def command(self, *words: object) -> "subprocess.Popen[bytes]":
        log = (self.folder / "commands.log").open("ab")
        with log:
            return subprocess.Popen(
                [PROGRAM, *map(str, words)], cwd=self.folder, stdout=subprocess.PIPE, stderr=log, env=clean()
            )

    def did(self, *words: object) -> int:
        """The exit code of a command."""
        done = self.command(*words)
        done.communicate()
        return done.returncode

    def runs(self, **filters: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            query = {"page_size": "100", "page": str(len(found) // 100 + 1), "sort_order": "asc", **filters}
            reply = httpx.get(f"{self.url}/api/v1/runs", params=query, headers={"X-API-KEY": self.key})
            page = reply.json()["data"]["runs"]
            found += page
            if len(page) < 100:
                return found


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("FLOWSCALE_")}


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
