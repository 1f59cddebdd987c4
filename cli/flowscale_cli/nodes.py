"""flowscale nodes: which node classes a folder's workflows can use, and what one takes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from flowscale_cli.errors import UsageError
from flowscale_cli.options import AsJson, Folder
from flowscale_cli.output import emit, say, table
from flowscale_cli.packs import definitions

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
