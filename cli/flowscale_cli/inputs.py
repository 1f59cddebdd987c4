"""Inputs of runs on the command line: NAME=VALUE, NAME=@FILE, NAME:=JSON, @FILE."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from flowscale_cli.errors import UsageError

Inputs: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        help="NAME=VALUE; NAME=@FILE for a file; NAME:=JSON for a list, number or object; @FILE for a JSON file of "
        "inputs. Repeatable; a name given twice makes a list.",
    ),
]
_FORMS = "write NAME=VALUE, NAME=@FILE for a file, NAME:=JSON, or @FILE for a JSON file of inputs"


def given(texts: Iterable[str] | None) -> dict[str, Any]:
    """Inputs by name, as the client takes them. Raises UsageError."""
    found: dict[str, Any] = {}
    for text in texts or ():
        for name, value in _parsed(text):
            found[name] = _both(found[name], value) if name in found else value
    return found


def _parsed(text: str) -> Iterator[tuple[str, Any]]:
    if text.startswith("@"):
        yield from _listed(Path(text[1:])).items()
        return
    name, equals, value = text.partition("=")
    raw = name.endswith(":")
    name = name.removesuffix(":")
    if not equals or not name:
        raise UsageError(f"{text!r} is not an input: {_FORMS}")
    if raw:
        yield name, _json(value, f"input {name!r}")
    elif value.startswith("@"):
        yield name, _file(name, value[1:])
    else:
        yield name, value


def _listed(path: Path) -> dict[str, Any]:
    """The inputs in a JSON file."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file of inputs {path} can't be read: {error}") from error
    found = _json(text, str(path))
    if not isinstance(found, dict):
        raise UsageError(f"{path} must hold a JSON object: inputs by name")
    return found


def _file(name: str, text: str) -> Path:
    path = Path(text).expanduser()
    if not path.is_file():
        raise UsageError(f"input {name!r}: there is no file {path}")
    return path


def _json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{where}: this is no JSON: {error}") from error


def _both(first: Any, second: Any) -> list[Any]:
    return [*first, second] if isinstance(first, list) else [first, second]
