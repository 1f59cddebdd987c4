"""Folders of specs for stacks: small, pinned, different where a test says so."""

from pathlib import Path

from flowscale_specs.releases import LOCK_NAME, Lock, render_lock

ENVIRONMENT = """
kind: Environment
metadata: {{name: {name}}}
spec: {{namespace: {namespace}{rest}}}
"""
DEPLOYMENT = """
kind: WorkflowDeployment
metadata: {{name: {name}}}
spec: {{workflow: hello, gpu: CPU, description: {description}}}
"""


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def write(
    folder: Path,
    environments: dict[str, str],
    *,
    deployments: tuple[str, ...] = ("hello",),
    description: str = "first",
    version: str = "1.0.0",
    letter: str = "1",
    rest: str = "",
) -> Path:
    """A folder with one workflow, some deployments of it, and environments with their namespaces."""
    folder.mkdir(parents=True, exist_ok=True)
    documents = [
        f"kind: Workflow\nmetadata: {{name: hello}}\nspec: {{source: workflow.json, version: {version}}}\n",
        *(DEPLOYMENT.format(name=name, description=description) for name in deployments),
        *(
            ENVIRONMENT.format(name=name, namespace=namespace, rest=rest)
            for name, namespace in environments.items()
        ),
    ]
    (folder / "flowscale.yaml").write_text("---\n".join(documents))
    (folder / "workflow.json").write_text("{}")
    (folder / LOCK_NAME).write_text(render_lock(Lock({"hello": {version: digest(letter)}})))
    return folder
