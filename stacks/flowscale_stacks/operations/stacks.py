"""Opens stacks through Pulumi's Automation API, runs what is to be run, and translates how that ends."""

from __future__ import annotations

import shutil
import weakref
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pulumi.automation import (
    LocalWorkspaceOptions,
    ProjectBackend,
    ProjectSettings,
    Stack,
    create_or_select_stack,
    select_stack,
)
from pulumi.automation.errors import CommandError, StackNotFoundError

from flowscale_stacks.operations.changes import Change, complaint, step
from flowscale_stacks.operations.errors import EngineMissing, Nowhere
from flowscale_stacks.operations.failures import failure
from flowscale_stacks.operations.locks import holders, locked
from flowscale_stacks.operations.places import prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pulumi.automation import EngineEvent

    from flowscale_stacks.operations.changes import Step
    from flowscale_stacks.operations.places import Place

    Program = Callable[[], Any]

PROGRAM = "pulumi"


class Watcher:
    """Follows the engine's events: what changes, what it complains of; tells each step on.

    `stage` is when a change counts: a comparison with the cluster knows what differs only when it is done.
    """

    def __init__(self, tell: Callable[[Step], None], stage: str = "begun") -> None:
        self._tell, self._stage = tell, stage
        self.changes: list[Change] = []
        self.complaints: list[str] = []

    def __call__(self, event: EngineEvent) -> None:
        if (said := complaint(event)) is not None:
            self.complaints.append(said)
        if (found := step(event)) is not None:
            if found.stage == self._stage:
                self.changes.append(found.change)
            self._tell(found)


def opened(place: Place, program: Program, *, create: bool = True) -> Stack:
    """The stack of a place; its working folder lives as long as it does.

    Raises EngineMissing, Nowhere where the stack must be there already, or what failed.
    """
    if shutil.which(PROGRAM) is None:
        raise EngineMissing(
            "the program `pulumi` is not on PATH: install it with `curl -fsSL https://get.pulumi.com | sh`, or as "
            "https://www.pulumi.com/docs/install says"
        )
    prepare(place)
    settings = ProjectSettings(place.project, "python", backend=ProjectBackend(place.backend))
    find = create_or_select_stack if create else select_stack
    try:
        with translated(), ExitStack() as made:
            options = LocalWorkspaceOptions(
                work_dir=made.enter_context(TemporaryDirectory(prefix="flowscale-stack-")),
                env_vars=dict(place.variables),
                secrets_provider=place.secrets_provider,
                project_settings=settings,
            )
            stack = find(place.stack, project_name=place.project, program=program, opts=options)
            weakref.finalize(stack, made.pop_all().close)
            return stack
    except StackNotFoundError as error:
        raise Nowhere(
            f"{place.backend} has no stack {place.stack} of {place.project}: `flowscale up` makes it"
        ) from error


@contextmanager
def translated(watcher: Watcher | None = None) -> Iterator[None]:
    """Turns the engine's errors into our own."""
    try:
        yield
    except StackNotFoundError:
        raise
    except CommandError as error:
        raise failure(watcher.complaints if watcher else (), str(error)) from error


def unlocking(stack: Stack, work: Callable[[], Any], *, force: bool) -> Any:
    """Does work on a stack; a lock whose holders are all dead, or any with `force`, is broken first."""
    try:
        return work()
    except CommandError as error:
        text = str(error)
        if not locked(text) or not (force or holders(text).all_dead):
            raise
    stack.cancel()
    return work()
