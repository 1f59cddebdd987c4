"""Spec folders as they are made: the files in one, their README, and writing them without losing any."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowscale_cli.errors import CliError

if TYPE_CHECKING:
    from flowscale_workflows.interface import Input, Interface

IGNORED = ".flowscale/\noutputs/\n__pycache__/\n"
_SAMPLES = {"image": "photo.png", "mask": "mask.png", "video": "film.mp4", "audio": "recording.wav"}


def files(name: str, spec: str, workflow: str, definitions: Mapping[str, Any]) -> dict[str, str]:
    """All files of a spec folder by name."""
    return {
        "flowscale.yaml": spec,
        "workflow.json": workflow,
        "README.md": readme(name, *_told(spec, workflow, definitions)),
        ".gitignore": IGNORED,
    }


def stack_files(name: str) -> dict[str, str]:
    """What `pulumi up` needs in a spec folder: a project, and a program that reads the specs beside it."""
    return {
        "Pulumi.yaml": f"name: flowscale-{name}\nruntime: python\nconfig:\n  flowscale:specs: {{value: .}}\n",
        "__main__.py": "from flowscale_stacks.program import project_program\n\nproject_program()\n",
    }


def write(folder: Path, contents: Mapping[str, str], *, force: bool) -> None:
    """Writes files into a folder. Raises CliError where one is there already, and writes none then."""
    there = [name for name in contents if (folder / name).exists()]
    if there and not force:
        raise CliError(
            f"{folder} has {', '.join(there)} already: take another folder, or overwrite with --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (folder / name).write_text(text)
    except OSError as error:
        raise CliError(f"{folder} can't be written: {error.strerror}") from error


def readme(name: str, description: str, interface: "Interface") -> str:
    """What the folder serves, how it is called, and what it takes and gives."""
    given = "".join(f" -i {_sample(item)}" for item in interface.inputs if item.required)
    rows = [f"| `{item.public_name}` | {item.type} | {_meaning(item)} |" for item in interface.inputs]
    table = ["| input | type | meaning |", "|---|---|---|", *rows] if rows else ["It takes no inputs."]
    gives = ", ".join(f"`{item.public_name}` ({item.type})" for item in interface.outputs)
    return "\n".join(
        [
            f"# {name}\n",
            f"{description}\n" if description else "",
            "```sh\nflowscale validate .\nflowscale serve . --port 8000\n```\n",
            f"In another terminal, in this folder:\n\n```sh\nflowscale run {name}{given} -o outputs\n```\n",
            *table,
            f"\nIt gives {gives}.\n" if gives else "",
        ]
    )


def _told(spec: str, workflow: str, definitions: Mapping[str, Any]) -> "tuple[str, Interface]":
    """The description and the interface of the one workflow in a spec."""
    from flowscale_specs import parse, resolve
    from flowscale_workflows.conversion import to_api
    from flowscale_workflows.formats import read
    from flowscale_workflows.interface import derive

    (declared,) = resolve(parse(spec.encode(), Path("flowscale.yaml"))).workflows.values()
    file = read(workflow.encode())
    graph = file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
    return declared.description, derive(graph, definitions, declared.inputs, declared.outputs)


def _sample(item: "Input") -> str:
    return (
        f"{item.public_name}=@{_SAMPLES.get(item.type, 'file')}"
        if item.is_file
        else f"{item.public_name}=..."
    )


def _meaning(item: "Input") -> str:
    default = "" if item.default is None or item.required else f"Default: `{item.default}`."
    parts = (f"{item.label}." if item.label else "", item.description, default)
    return " ".join(part for part in parts if part).replace("|", "\\|").replace("\n", " ")
