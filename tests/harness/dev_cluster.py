"""The test node for a person: up, down, status. Its state lies in the cache folder."""

import shutil
import sys

from harness import programs
from harness.node import Node, cache, why_not

FOLDER = cache() / "dev-cluster"


def up() -> str:
    """Starts the node, which outlives this process."""
    if FOLDER.exists():
        return f"a node is up: {status()}"
    if reason := why_not():
        raise SystemExit(f"dev-cluster: {reason}")
    node = Node(FOLDER, linger=True)
    try:
        node.start()
    except BaseException:
        down()
        raise
    return f"export KUBECONFIG={node.kubeconfig}\nkubectl: {programs.program('kubectl')}"


def down() -> str:
    """Stops it and removes its traces."""
    if not FOLDER.exists():
        return "no node is up"
    Node(FOLDER).stop()
    shutil.rmtree(FOLDER)
    return "the node is gone"


def status() -> str:
    """What runs, or that nothing does."""
    if not FOLDER.exists():
        return "no node is up"
    node = Node(FOLDER)
    return f"KUBECONFIG={node.kubeconfig}\n{node.kubectl('get', 'nodes,pods', '-A')}"


def main(verb: str) -> None:
    verbs = {"up": up, "down": down, "status": status}
    sys.stdout.write(verbs[verb]().rstrip() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
