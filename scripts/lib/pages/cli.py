"""docs/reference/cli.md: every verb with its help, arguments and options."""

from collections.abc import Iterator
from typing import Any

import typer

from flowscale_cli.main import app


def page() -> str:
    """Every verb with its help, arguments and options."""
    top = typer.main.get_command(app)
    body = "\n\n".join(
        section for words, command in verbs(top, "flowscale") for section in verb(words, command)
    )
    return f"<!-- Made by `scripts/check --fix generated`; change the help texts in `cli/`. -->\n\n# Command line\n\n{body}\n"


def verbs(command: Any, words: str) -> Iterator[tuple[str, Any]]:
    """A command and all below it, hidden ones left out."""
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        if not child.hidden:
            yield from verbs(child, f"{words} {name}")


def verb(words: str, command: Any) -> Iterator[str]:
    """The paragraphs about one command."""
    context = command.context_class(command, info_name=words)
    yield f"{'#' * max(2, len(words.split()))} `{words}`"
    yield f"```text\n{words} {' '.join(command.collect_usage_pieces(context))}\n```"
    if command.help:
        yield "\n".join(line.strip() for line in command.help.replace("\b", "").split("\n")).strip()
    options = [row for parameter in command.params if (row := option(parameter, context))]
    if options:
        yield "\n".join(["| option | meaning |", "|---|---|", *options])


def option(parameter: Any, context: Any) -> str | None:
    """A row of the table of options."""
    record = parameter.get_help_record(context)
    if record is None or parameter.name == "help":
        return None
    names, meaning = (" ".join(text.split()).replace("|", "\\|") for text in record)
    return f"| `{names}` | {meaning} |"
