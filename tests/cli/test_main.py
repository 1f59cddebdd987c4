"""The command as a whole: help that teaches, completion, quick starts, exit codes that are documented."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from flowscale_cli import errors
from flowscale_cli.main import app

HEAVY = (
    "torch",
    "fastapi",
    "sqlalchemy",
    "httpx",
    "PIL",
    "numpy",
    "flowscale",
    "flowscale_runtime",
)


def verbs(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from verbs(child, (*words, name))


VERBS = list(verbs(typer.main.get_command(app)))


def test_the_version_is_that_of_the_distribution(flowscale: Callable[..., Any]) -> None:
    done = flowscale("--version")
    assert (done.code, done.out.strip()) == (0, version("flowscale-platform"))


@pytest.mark.parametrize(("words", "command"), VERBS, ids=[" ".join(words) for words, _ in VERBS])
def test_help_teaches_with_an_example(words: tuple[str, ...], command: Any) -> None:
    assert re.search(rf"^Example: .*flowscale {' '.join(words)}\b", command.help, re.MULTILINE)
    for parameter in command.params:
        assert parameter.help, f"{parameter.name} of {words} says nothing"


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from typer.testing import CliRunner
from flowscale_cli.main import app
for words in {[words for words, _ in VERBS]!r}:
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0, (words, done.output)
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_completion_is_printed_for_the_shell(environment: dict[str, str]) -> None:
    code = "import sys; sys.argv = ['flowscale', '--show-completion', 'bash']; from flowscale_cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**environment, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "_FLOWSCALE_COMPLETE" in done.stdout


def test_templates_are_completed(environment: dict[str, str]) -> None:
    words = {"COMP_WORDS": "flowscale init --template thumb", "COMP_CWORD": "3"}
    done = subprocess.run(
        [Path(sys.executable).parent / "flowscale"],
        capture_output=True,
        text=True,
        env={**environment, **words, "_FLOWSCALE_COMPLETE": "complete_bash"},
    )
    assert done.stdout.split() == ["thumbnails"], done.stderr


def test_every_kind_of_end_has_a_code_of_its_own() -> None:
    kinds = [errors.CliError, *errors.CliError.__subclasses__()]
    assert [kind.code for kind in kinds] == [1, 2, 3, 4, 5, 6, 7, 130]
    assert all(f"{kind.__name__} " in (errors.__doc__ or "") for kind in kinds)


def test_a_wrong_option_is_wrong_usage(flowscale: Callable[..., Any]) -> None:
    done = flowscale("validate", "--nonsense")
    assert (done.code, done.out) == (2, "")
    assert "--nonsense" in done.err


def test_json_is_all_that_is_on_stdout(flowscale: Callable[..., Any]) -> None:
    assert flowscale("init", "new", "--json").code == 0
    done = flowscale("validate", "new", "--json")
    assert json.loads(done.out)["deployments"] == ["new"]
    assert done.err == ""
