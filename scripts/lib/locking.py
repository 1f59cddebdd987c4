"""Ties requirements.lock to the dependencies it was resolved from: a stale lock is seen without a network.

usage: locking.py check | write
"""

import hashlib
import json
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
PROJECTS = (ROOT / "pyproject.toml", ROOT / "sdk/python/pyproject.toml")
MARK = "# resolved from: sha256:"


def inputs(pyproject: str) -> dict[str, object]:
    """What of a pyproject file the resolver reads."""
    document = tomllib.loads(pyproject)
    project = document["project"]
    keys = ("name", "requires-python", "dependencies", "optional-dependencies")
    return {
        **{key: project.get(key) for key in keys},
        "groups": document.get("dependency-groups"),
        "uv": document.get("tool", {}).get("uv"),
    }


def mark(*pyprojects: str) -> str:
    """The lock's first line."""
    text = json.dumps([inputs(text) for text in pyprojects], sort_keys=True)
    return MARK + hashlib.sha256(text.encode()).hexdigest()


def stamped(lock: str, first: str) -> str:
    """The lock with this first line in place of an older one."""
    body = lock.split("\n", 1)[1] if lock.startswith(MARK) else lock
    return f"{first}\n{body}"


def main(verb: str) -> str | None:
    first = mark(*(path.read_text() for path in PROJECTS))
    lock = LOCK.read_text()
    if verb == "write":
        LOCK.write_text(stamped(lock, first))
    elif not lock.startswith(first + "\n"):
        return "requirements.lock is older than the dependencies in pyproject.toml: run scripts/lock"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
