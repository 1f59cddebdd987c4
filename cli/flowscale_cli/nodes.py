"""flowscale nodes: which node classes a folder's workflows can use, and what one takes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flowscale_cli.errors import CliError, UsageError
from flowscale_cli.options import AsJson, Folder
from flowscale_cli.output import emit, say, table, warn
from flowscale_cli.packs import definitions
from flowscale_cli.workflow_files import opened

app = typer.Typer(help="Node classes and the packs that they come from.", no_args_is_help=True)


@app.command("list")
def listing(
    folder: Folder = Path(),
    search: Annotated[str, typer.Option(help="Only classes whose name, title or category has this.")] = "",
    as_json: AsJson = False,
) -> None:
    """List node classes, ours and those in custom_nodes/.

    Example: flowscale nodes list --search mask
    """
    found = {name: one for name, one in definitions(folder).items() if _matches(one, search.lower())}
    if as_json:
        emit(found)
    else:
        table(("name", "category", "display_name"), [found[name] for name in sorted(found)])


@app.command("describe")
def describe(
    name: Annotated[str, typer.Argument(help="The node class, such as ImageScale.", metavar="CLASS")],
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what a node class takes and gives: types, defaults, ranges, choices.

    Example: flowscale nodes describe ImageScale
    """
    known = definitions(folder)
    if name not in known:
        from rapidfuzz import process  # only where a name is wrong

        near = process.extractOne(name, list(known), score_cutoff=60)
        hint = f"did you mean {near[0]}?" if near else "`flowscale nodes list` shows all"
        raise UsageError(f"there is no node class {name!r}: {hint}")
    if as_json:
        emit(known[name])
        return
    say(f"{known[name].get('display_name') or name} ({known[name].get('category')})")
    if description := known[name].get("description"):
        say(description)
    table(("name", "direction", "type", "facts"), [*_inputs(known[name]), *_outputs(known[name])])


@app.command("import")
def import_(
    source: Annotated[
        str, typer.Argument(help="A ComfyUI's address, or a file with what its /object_info answers.")
    ],
    folder: Folder = Path(),
) -> None:
    """Save the node classes of a ComfyUI beside a spec, so that workflows are checked and converted without it.

    Example: flowscale nodes import http://127.0.0.1:8188 portrait
    """
    from flowscale_cli.import_ import fetched, opened
    from flowscale_workflows import saved
    from flowscale_workflows.errors import WorkflowError

    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}")
    if source.startswith(("http://", "https://")):
        source = f"{source.rstrip('/').removesuffix('/object_info')}/object_info"
        data, _ = fetched(source)
    else:
        data, _ = opened(source)
    try:
        found = saved.parse(data, source)
    except WorkflowError as error:
        raise CliError(str(error)) from error
    path = folder / saved.NAME
    path.write_bytes(saved.written(found))
    typer.echo(path)
    say(f"{len(found)} node class{'es' if len(found) != 1 else ''}; commit the file with the spec")


@app.command("resolve")
def resolve(
    workflow: Annotated[Path, typer.Argument(help="A workflow file, or a picture that carries one.")],
    folder: Annotated[Path, typer.Option(help="Whose custom_nodes/ are there already.")] = Path(),
    claims: Annotated[
        Path | None,
        typer.Option("--map", help="JSON that says which packs claim a class: {source: [[classes], ...]}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell which node packs a workflow needs, inside subgraphs too: by what its nodes say, else by a map of classes.

    Example: flowscale nodes resolve workflow.json --map extension-node-map.json
    """
    from flowscale_workflows.packs import needed

    file = opened(workflow)
    found = needed(file.ui or file.graph or {}, definitions(folder), class_map(claims) if claims else None)
    if as_json:
        emit(asdict(found))
        return
    rows = [
        {
            "source": pack.source,
            "version": pack.version,
            "here": "yes" if pack.here else "no",
            "classes": ", ".join(pack.classes),
        }
        for pack in found.packs
    ]
    table(("source", "version", "here", "classes"), rows)
    for name in found.unknown:
        warn(f"{name}: no pack is known that has it")
    for name, sources in found.ambiguous:
        warn(f"{name}: {', '.join(sources)} all have it; say which in the node's properties")


def class_map(path: Path) -> dict[str, list[str]]:
    """The sources that claim each class, from the form that ComfyUI's manager uses. Raises UsageError."""
    try:
        listed = json.loads(path.read_text())
        pairs = [(name, source) for source, entry in listed.items() for name in entry[0]]
    except (OSError, ValueError, AttributeError, TypeError, LookupError) as error:
        raise UsageError(f"{path} is no map of classes, {{source: [[classes], ...]}}: {error}") from error
    found: dict[str, list[str]] = {}
    for name, source in pairs:
        found.setdefault(str(name), []).append(str(source))
    return found


def _matches(definition: Mapping[str, Any], text: str) -> bool:
    return any(text in str(definition.get(key, "")).lower() for key in ("name", "display_name", "category"))


def _inputs(definition: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    from flowscale_workflows.definitions import declared

    for item in declared(definition).values():
        facts = [
            f"{key} {item.options[key]}" for key in ("default", "min", "max", "step") if key in item.options
        ]
        facts += [] if item.required else ["optional"]
        facts += [f"one of {', '.join(map(str, item.choices))}"] if item.choices else []
        facts += [str(item.options["tooltip"])] if item.options.get("tooltip") else []
        yield {"name": item.name, "direction": "in", "type": item.type, "facts": "; ".join(facts)}


def _outputs(definition: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    types, names = definition.get("output") or (), definition.get("output_name") or ()
    for kind, name in zip(types, names, strict=False):
        yield {"name": str(name), "direction": "out", "type": str(kind), "facts": ""}
