"""Turns an operation, written once as a program, into the method of a client: to call, or to await."""

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar, get_args

from flowscale._core.effects import Program

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def blocking(operation: Callable[Concatenate[S, P], Program[T]]) -> Callable[Concatenate[Any, P], T]:
    """A method of an object that has `_operations` (an S) and `_driver`."""

    @functools.wraps(operation)
    def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self._driver.perform(operation(self._operations, *args, **kwargs))
        return result

    return _described(method, operation)


def awaitable(
    operation: Callable[Concatenate[S, P], Program[T]],
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, T]]:
    """The same to await."""

    @functools.wraps(operation)
    async def method(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._driver.perform(operation(self._operations, *args, **kwargs))
        return result

    return _described(method, operation)


F = TypeVar("F", bound=Callable[..., Any])


def _described(method: F, operation: Callable[..., Any]) -> F:
    """What `help()` and editors see: the operation's parameters, without the generator that it returns."""
    signature = inspect.signature(operation)
    method.__signature__ = signature.replace(return_annotation=_result(signature.return_annotation))  # type: ignore[attr-defined]
    return method


def _result(program: Any) -> Any:
    """The T of a `Program[T]`."""
    return get_args(program)[-1]
