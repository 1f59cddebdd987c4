"""What the verbs on stacks share: their options, one operator a target, progress, and how errors end the command."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flowscale_cli.errors import CliError, SpecsWrong, Unreachable, UsageError
from flowscale_cli.output import say
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowscale_stacks.operations.changes import Change, Step
    from flowscale_stacks.operations.operating import Operator
    from flowscale_stacks.reading import Source

Target = Annotated[
    str | None,
    typer.Option(help="One of the environment's targets. [default: all of them, one after another]"),
]
Backend = Annotated[
    str | None,
    typer.Option(
        help="Where Pulumi's state is: `file://`, `s3://bucket`, `https://api.pulumi.com`. [default: the environment's "
        "`state`, else PULUMI_BACKEND_URL, else DIR/.flowscale/state]"
    ),
]
SecretsProvider = Annotated[
    str | None, typer.Option(help="What seals secrets in the state: `passphrase`, `awskms://...` and others.")
]
Image = Annotated[
    list[str] | None,
    typer.Option(
        "--image", help="NAME=REFERENCE of gateway, executor, controllers or jobs, over flowscale.lock."
    ),
]
Unlock = Annotated[
    bool, typer.Option("--unlock", help="Break the lock of an update that died on another machine.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]


def operators(
    folder: Path,
    environment: str | None,
    target: str | None,
    *,
    backend: str | None = None,
    secrets_provider: str | None = None,
    images: "Sequence[str] | None" = None,
    unlock: bool = False,
) -> "list[Operator]":
    """An operator for each target that is meant. Raises SpecsWrong after printing what is wrong."""
    every = sources(folder, environment, target, images)
    from flowscale_stacks.operations import Choice, Operator

    choice = Choice(backend, secrets_provider)
    return [Operator(source=source, choice=choice, unlock=unlock, tell=show) for source in every]


def sources(
    folder: Path, environment: str | None, target: str | None, images: "Sequence[str] | None" = None
) -> "list[Source]":
    """A source for each target that is meant. Raises SpecsWrong after printing what is wrong."""
    _, project = read(folder, environment)
    from flowscale_stacks.reading import Source
    from flowscale_stacks.reading.targets import for_target, target_names

    given = pairs(images)
    with told_reading():
        names = (target,) if target else target_names(project)
        for name in names:
            for_target(project, name)
    return [Source(folder=folder, environment=environment, target=name, images=given) for name in names]


@contextmanager
def told() -> Iterator[None]:
    """Ends the command where an operation doesn't work out, with what to do."""
    from flowscale_stacks.operations import errors

    with told_reading():
        try:
            yield
        except errors.StateUnreachable as error:
            raise Unreachable(str(error)) from error
        except errors.OperationError as error:
            raise CliError(str(error)) from error


@contextmanager
def told_reading() -> Iterator[None]:
    """Ends the command where what is wanted or what is there can't be read, with what to do. Loads no Pulumi."""
    from flowscale_specs import SpecErrors
    from flowscale_stacks.reading import errors

    try:
        yield
    except (errors.NotDeployable, SpecErrors) as error:
        raise SpecsWrong(str(error)) from error
    except (errors.ClusterUnreachable, errors.CredentialsRefused) as error:
        raise Unreachable(str(error)) from error
    except errors.ReadingError as error:
        raise UsageError(str(error)) from error


def show(step: "Step") -> None:
    """A line for the person at the terminal when something was done or failed."""
    if step.stage == "done":
        say(f"  {step.change}")
    elif step.stage == "failed":
        typer.secho(f"  ! {step.change}", err=True, fg=typer.colors.RED)


def summary(changes: "Sequence[Change]") -> str:
    """`2 create, 1 update`, or that nothing changes."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.operation] = counts.get(change.operation, 0) + 1
    return ", ".join(f"{count} {operation}" for operation, count in counts.items()) or "no changes"


def confirm(question: str, yes: bool, wanted: str | None = None) -> None:
    """Asks the person at the terminal. Raises UsageError where nobody is there, CliError on a no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked: give --yes")
    if wanted is None:
        agreed = typer.confirm(question, err=True)
    else:
        agreed = typer.prompt(f"{question} Type {wanted} to go on", default="", err=True) == wanted
    if not agreed:
        raise CliError("nothing was changed")


def pairs(images: "Sequence[str] | None") -> dict[str, str]:
    """The images that `--image` names."""
    return dict(_pair(text) for text in images or ())


def _pair(text: str) -> tuple[str, str]:
    name, equals, reference = text.partition("=")
    if not equals or not name or not reference:
        raise UsageError(f"--image {text}: write NAME=REFERENCE")
    return name, reference
