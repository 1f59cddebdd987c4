"""Lists functions, methods and classes that nothing uses, tests included.

Node classes are used by their names in graphs, and methods of some names by the libraries that call them.
Whatever else is meant for others stands in dead.txt, one name a line, with its reason.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from vulture import Vulture  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("specs", "stacks", "runtime", "controllers", "jobs", "cli", "sdk/python", "scripts/lib")
USERS = ("tests", "examples", "benchmarks")
CODE = {"function", "method", "class", "property"}
NODES = ("runtime/flowscale_runtime/nodes/", "templates/", "custom_nodes/")
DECORATORS = [
    "@*router.*",
    "@*route*",
    "@*.command*",
    "@*.callback*",
    "@*validator*",
    "@*serializer*",
    "@*event.*",
]
CALLED = ["__*__", "_repr_*", "forward", "process_bind_param", "process_result_value", "auth_flow", "do_GET"]


def allowed(text: str) -> dict[str, str]:
    """Names and reasons of dead.txt."""
    lines = (line.split(maxsplit=1) for line in text.splitlines() if line and not line.startswith("#"))
    return {words[0]: words[-1] for words in lines}


def unused(allow: dict[str, str]) -> Iterator[str]:
    """One line for each thing that nothing uses."""
    finder = Vulture(ignore_names=[*CALLED, *allow], ignore_decorators=DECORATORS)
    finder.scavenge([ROOT / name for name in (*SOURCES, *USERS) if (ROOT / name).exists()])
    for item in finder.get_unused_code(min_confidence=60):
        name = Path(item.filename).resolve().relative_to(ROOT).as_posix()
        if item.typ in CODE and name.startswith(SOURCES) and not any(folder in name for folder in NODES):
            yield f"{name}:{item.first_lineno}: nothing uses {item.typ} {item.name}"


def main() -> int:
    found = list(unused(allowed((Path(__file__).parent / "dead.txt").read_text())))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
