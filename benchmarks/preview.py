"""`flowscale preview` without changes for many deployments, beside a bare Pulumi program with the same resources.

    python benchmarks/preview.py [--deployments 200] [--repeat 3]

Both run through the Automation API against the same API server, with the plugins of `tests/harness`: what differs is
specs, compiling, components and the checks before. Seconds are of the wall, the best of some.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring import Measured, Report, Table, ratio

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import pulumi as sdk
import pulumi_kubernetes as kubernetes
from pulumi.automation import LocalWorkspaceOptions, ProjectBackend, ProjectSettings, create_or_select_stack

from flowscale_stacks.components.resources import resource
from flowscale_stacks.operations import Operator
from flowscale_stacks.program import Source, read
from harness.control_plane import ControlPlane
from harness.pulumi import Pulumi
from harness.spec_folders import write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUICK = ("--deployments", "20", "--repeat", "1")


def main() -> None:
    print(measure(arguments(argparse.ArgumentParser(description=__doc__)).parse_args()).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--deployments", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    return parser


def measure(options: argparse.Namespace) -> Report:
    """Both stacks are made, then previewed in turns."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = Path(scratch)
        with ControlPlane(home / "cluster") as cluster:
            engine = Pulumi(home / "pulumi", cluster.kubeconfig)
            os.environ.update(engine.environment)
            ours, bare, count = stacks(home, engine, options.deployments)
            times = [(best(ours), best(bare)) for _ in range(options.repeat)]
    found, floor = min(each for each, _ in times), min(each for _, each in times)
    row = (f"{options.deployments:,}", f"{count:,}", f"{floor:.1f}", f"{found:.1f}", ratio(found, floor))
    columns = ("deployments", "objects", "bare Pulumi s", "preview s", "preview over bare")
    table = Table("A preview without changes", columns, [row])
    conditions = f"{options.deployments} deployments"
    return Report([table], {"preview": Measured(found / floor, conditions, f"bare Pulumi {floor:.1f} s")})


def stacks(home: Path, engine: Pulumi, deployments: int) -> tuple[Callable[[], Any], Callable[[], Any], int]:
    """Two stacks that are up, and what previews each; the number of objects in each."""
    names = tuple(f"number-{number}" for number in range(deployments))
    folder = write(home / "specs", {"ours": "ours", "bare": "bare"}, deployments=names)
    operator = Operator(source=Source(folder=folder, environment="ours"))
    operator.up()
    objects = read(Source(folder=folder, environment="bare")).objects
    plain = create_or_select_stack(
        "bare",
        project_name="bare",
        program=lambda: declare(objects),
        opts=LocalWorkspaceOptions(
            project_settings=ProjectSettings("bare", "python", backend=ProjectBackend(engine.backend))
        ),
    )
    plain.up(color="never")
    return operator.preview, lambda: plain.preview(color="never"), len(objects)


def declare(objects: Sequence[dict[str, Any]]) -> None:
    """A bare program: one resource after another, in order."""
    cluster = kubernetes.Provider("cluster", upsert_existing_objects=True)
    for number, each in enumerate(objects):
        resource(f"{each['kind']}-{number}", each, sdk.ResourceOptions(provider=cluster))


def best(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
