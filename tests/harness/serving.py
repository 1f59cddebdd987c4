"""A spec folder served by `flowscale serve` as a process of its own, with a client of its owner."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowscale import FlowScaleClient

PROGRAM = Path(sys.executable).parent / "flowscale"


@contextmanager
def serving(folder: Path, data: Path, *words: str) -> Iterator[FlowScaleClient]:
    """Serves until the block ends; what the server says is in `log` beside its data."""
    data.mkdir(parents=True, exist_ok=True)
    log = data.parent / "log"
    with log.open("ab") as file:
        command = [PROGRAM, "serve", folder, "--port", "0", "--data", data, *words]
        server = subprocess.Popen(list(map(str, command)), stdout=file, stderr=file)
    try:
        while not (data / "owner.key").exists():
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        url = json.loads((data / "server.json").read_text())["url"]
        key = (data / "owner.key").read_text().strip()
        with FlowScaleClient(api_key=key, base_url=url, timeout=60) as client:
            yield client
    finally:
        server.terminate()
        server.wait()


def spec(folder: Path, graph: dict[str, object], packs: str = "[]", name: str = "joined") -> Path:
    """A folder with one workflow of this graph, and a deployment of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workflow.json").write_text(json.dumps(graph))
    (folder / "flowscale.yaml").write_text(
        f"apiVersion: flowscale.ai/v1\nkind: Workflow\nmetadata: {{name: {name}}}\nspec: {{packs: {packs}}}\n---\n"
        f"apiVersion: flowscale.ai/v1\nkind: WorkflowDeployment\nmetadata: {{name: {name}}}\n"
        f"spec: {{workflow: {name}, gpu: CPU}}\n"
    )
    return folder
