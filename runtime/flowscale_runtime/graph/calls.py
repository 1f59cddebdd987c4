"""One node's functions, called over lists: plain functions directly, coroutines side by side as tasks."""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from . import context as contexts
from .blocker import ExecutionBlocker
from .forms import Returned
from .mapping import blocker_in, calls

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from .context import NodeContext
    from .forms import NodeForm
    from .mapping import Lists

    Blocked = Callable[[str, str | None], None]


def start(
    form: NodeForm,
    function: Callable[..., Any],
    lists: Lists,
    given: Mapping[str, Any],
    context: NodeContext,
    blocked: Blocked,
) -> list[Any]:
    """Call the node's function over its lists: what it returned for each element, or the task that will tell.

    Elements that a blocker reaches are passed over.
    """
    traits = form.traits
    found: list[Any] = []
    for index, arguments in enumerate(calls(lists, traits.input_is_list)):
        if index:
            context.check()
            contexts.enter(context := context.for_call(index))
        blocker = blocker_in(arguments, traits.input_is_list)
        if blocker is not None:
            blocked(context.node_id, blocker.message)
            found.append(Returned((ExecutionBlocker(None),) * len(traits.return_types)))
            continue
        value = function(**(form.arrange(arguments, given) if form.arranges else arguments))
        found.append(asyncio.ensure_future(value) if type(value) is CoroutineType else value)
    return found


def returns(form: NodeForm, found: list[Any]) -> list[Returned]:
    """What the calls gave, in one shape."""
    return [one if type(one) is Returned else form.returned(one) for one in found]


async def settle(found: list[Any]) -> list[Any]:
    """The same with tasks replaced by what they returned; when one fails, the others are cancelled."""
    tasks = [one for one in found if isinstance(one, asyncio.Task)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [one.result() if isinstance(one, asyncio.Task) else one for one in found]


async def ask(
    form: NodeForm, function: Callable[..., Any], lists: Lists, given: Mapping[str, Any]
) -> list[Any]:
    """Call a secondary function (validate, fingerprint, lazy) over lists.

    Elements that a blocker reaches answer with the blocker.
    """
    answers: list[Any] = []
    for arguments in calls(lists, form.traits.input_is_list):
        blocker = blocker_in(arguments, form.traits.input_is_list)
        if blocker is not None:
            answers.append(blocker)
            continue
        answers.append(await settled(function(**form.arrange(arguments, given))))
    return answers


async def settled(value: Any | Awaitable[Any]) -> Any:
    """The value, awaited when it is a coroutine."""
    return await value if isinstance(value, CoroutineType) else value
