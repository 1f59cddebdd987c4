"""Writes the files that come from the code, pages of the reference and objects of examples, or tells which are stale.

usage: generating.py check | write
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "docs/reference/cli.md": "pages.cli:page",
    "docs/reference/nodes.md": "pages.nodes:page",
    "docs/reference/templates.md": "pages.templates:page",
    "docs/reference/specs.md": "flowscale_specs.reference:render",
    "docs/reference/flowscale.schema.json": "flowscale_specs.schema:render_schema",
}


def made() -> Iterator[tuple[Path, str]]:
    """Each file as the code has it now."""
    for name, source in PAGES.items():
        module, _, function = source.partition(":")
        yield ROOT / name, getattr(importlib.import_module(module), function)()
    beside = importlib.import_module("pages.examples")
    for environment in sorted(ROOT.glob("examples/*/environment.yaml")):
        yield environment.with_name("flowscale.lock"), beside.lock(environment.parent)
        yield environment.with_name("kubernetes.yaml"), beside.objects(environment.parent)


def main(verb: str) -> int:
    stale = []
    for path, text in made():  # one after another: objects are made of the lock that was written before
        if path.exists() and path.read_text() == text:
            continue
        if verb == "write":
            path.write_text(text)
        else:
            stale.append(path.relative_to(ROOT).as_posix())
    sys.stdout.write("".join(f"{name} is stale: run scripts/check --fix generated\n" for name in stale))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
