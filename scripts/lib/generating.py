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
    golden = importlib.import_module("pages.kubernetes").golden
    for environment in sorted(ROOT.glob("examples/*/environment.yaml")):
        yield environment.with_name("kubernetes.yaml"), golden(environment.parent)


def main(verb: str) -> int:
    stale = [(path, text) for path, text in made() if not path.exists() or path.read_text() != text]
    if verb == "write":
        for path, text in stale:
            path.write_text(text)
        return 0
    names = (path.relative_to(ROOT).as_posix() for path, _ in stale)
    sys.stdout.write("".join(f"{name} is stale: run scripts/check --fix generated\n" for name in names))
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
