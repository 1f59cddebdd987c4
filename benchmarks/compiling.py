"""How long a project takes to compile to Kubernetes objects, as it grows, beside writing the same objects as YAML.

    python benchmarks/compiling.py [--deployments 100 300 1000 3000] [--repeat 3]

The specs are those of `specs_load.py`, loaded and resolved before. Times are seconds of CPU of the best repeat.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import specs_load
import yaml
from measuring import Measured, Report, Table, ratio

from flowscale_specs import load, resolve
from flowscale_stacks.compile import Images, Object, compile_project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_specs import ResolvedProject

IMAGES = Images(gateway="gateway:1", executor="executor:1", controllers="controllers:1", jobs="jobs:1")
VERSIONS = {"2.0.0": "sha256:" + "0f" * 32, "2.1.0": "sha256:" + "1e" * 32}
QUICK = ("--deployments", "100", "1000", "--repeat", "1")
COLLECTOR = (
    "What a deployment takes more among many is Python's cycle collector, which looks at all that lives."
)
GOAL = 1000
"""Deployments, of which the goal speaks."""


def main() -> None:
    print(measure(arguments(argparse.ArgumentParser(description=__doc__)).parse_args()).markdown())


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--deployments", type=int, nargs="+", default=[100, 300, GOAL, 3000])
    parser.add_argument("--repeat", type=int, default=3)
    return parser


def measure(options: argparse.Namespace) -> Report:
    """Each size compiled, and what it came to written as YAML."""
    rows, measured = [], {}
    first = 0.0
    for deployments in options.deployments:
        project = resolved(deployments)
        objects = compiled(project)
        ours = specs_load.best(lambda project=project: compiled(project), options.repeat)
        written = specs_load.best(lambda objects=objects: yaml.dump_all(objects, Dumper=yaml.CDumper), 1)
        first = first or ours / deployments
        rows.append(row(deployments, objects, ours, written, first))
        if deployments == GOAL:
            beside = f"writing them as YAML {written:.2f} s"
            measured["compile"] = Measured(ours, f"{len(objects):,} objects", beside)
    columns = (
        *("deployments", "objects", "compile s", "as YAML s", "compile over YAML"),
        *("µs a deployment", "over the first"),
    )
    table = Table("Compiling to Kubernetes objects, seconds of CPU", columns, rows)
    return Report([table], measured, [COLLECTOR])


def row(
    deployments: int, objects: Sequence[Object], ours: float, written: float, first: float
) -> tuple[str, ...]:
    """One size: how long it took, beside YAML and beside the smallest size."""
    each = ours / deployments
    return (
        *(f"{deployments:,}", f"{len(objects):,}", f"{ours:.2f}", f"{written:.2f}"),
        *(ratio(ours, written), f"{each * 1e6:,.0f}", ratio(each, first)),
    )


def resolved(deployments: int) -> ResolvedProject:
    """A project of so many deployments, each of its own workflow."""
    with tempfile.TemporaryDirectory() as folder:
        specs_load.write(Path(folder), deployments * 2)
        return resolve(load(Path(folder)))


def compiled(project: ResolvedProject) -> tuple[Object, ...]:
    return compile_project(project, dict.fromkeys(project.workflows, VERSIONS), IMAGES)


if __name__ == "__main__":
    main()
