"""Runs and outputs as the two clients hand them out, and the two faces of `client.runs`."""

from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from flowscale._client.drivers import AsyncDriver, Driver
from flowscale._client.methods import awaitable, blocking
from flowscale._core.runs import RunOperations
from flowscale._core.services import Downloads
from flowscale.exceptions import FlowScaleError
from flowscale.models import Awaitable, BaseOutput, BaseRun


class Output(BaseOutput):
    """One file that a run made; the bytes are fetched when they are asked for."""

    def __init__(self, data: Mapping[str, Any], driver: Driver | None = None) -> None:
        super().__init__(data)
        self._driver = driver

    @cached_property
    def data(self) -> bytes:
        """The bytes, downloaded once."""
        driver = _bound(self._driver)
        return driver.perform(Downloads(driver.core).read(self.url))

    def save(self, path: str | Path) -> Path:
        """Download to a file, or into a folder under the output's own name; where it is now."""
        driver = _bound(self._driver)
        return driver.perform(Downloads(driver.core).save(self.url, self._path(path)))


class AsyncOutput(BaseOutput):
    """One file that a run made; `await output.data`, `await output.save(path)`."""

    def __init__(self, data: Mapping[str, Any], driver: AsyncDriver | None = None) -> None:
        super().__init__(data)
        self._driver = driver
        self._kept: bytes | None = None

    @property
    async def data(self) -> bytes:
        """The bytes, downloaded once."""
        if self._kept is None:
            driver = _bound(self._driver)
            self._kept = await driver.perform(Downloads(driver.core).read(self.url))
        return self._kept

    async def save(self, path: str | Path) -> Path:
        """Download to a file, or into a folder under the output's own name; where it is now."""
        driver = _bound(self._driver)
        return await driver.perform(Downloads(driver.core).save(self.url, self._path(path)))


class Run(BaseRun[Output], Awaitable):
    """One run, from the blocking client."""

    def __init__(self, data: Mapping[str, Any], driver: Driver | None = None) -> None:
        super().__init__(data, [Output(output, driver) for output in data.get("outputs") or ()])


class AsyncRun(BaseRun[AsyncOutput]):
    """One run, from the asynchronous client."""

    def __init__(self, data: Mapping[str, Any], driver: AsyncDriver | None = None) -> None:
        super().__init__(data, [AsyncOutput(output, driver) for output in data.get("outputs") or ()])


class Runs:
    """`client.runs`: what can be done with runs."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._operations = RunOperations(driver.core, lambda data: Run(data, driver))

    execute = blocking(RunOperations[Run].execute)
    execute_async = blocking(RunOperations[Run].execute_async)
    wait_for_completion = blocking(RunOperations[Run].wait_for_completion)
    execute_batch = blocking(RunOperations[Run].execute_batch)
    get_batch = blocking(RunOperations[Run].get_batch)
    list = blocking(RunOperations[Run].list)
    get = blocking(RunOperations[Run].get)
    get_status = blocking(RunOperations[Run].get_status)
    get_outputs = blocking(RunOperations[Run].get_outputs)
    get_output = blocking(RunOperations[Run].get_output)
    cancel = blocking(RunOperations[Run].cancel)
    retry = blocking(RunOperations[Run].retry)
    logs = blocking(RunOperations[Run].logs)
    timings = blocking(RunOperations[Run].timings)
    feedback = blocking(RunOperations[Run].feedback)

    def iterate(self, **filters: Any) -> Iterator[Run]:
        """All runs that `list` would show with these filters, page by page as they are needed."""
        filters, unseen = {"page": 1, **filters}, Unseen()
        while True:
            page = self.list(**filters)
            yield from filter(unseen, page)
            if not page.has_next:
                return
            filters["page"] = page.page + 1


class AsyncRuns:
    """`client.runs` of the asynchronous client."""

    def __init__(self, driver: AsyncDriver) -> None:
        self._driver = driver
        self._operations = RunOperations(driver.core, lambda data: AsyncRun(data, driver))

    execute = awaitable(RunOperations[AsyncRun].execute)
    execute_async = awaitable(RunOperations[AsyncRun].execute_async)
    wait_for_completion = awaitable(RunOperations[AsyncRun].wait_for_completion)
    execute_batch = awaitable(RunOperations[AsyncRun].execute_batch)
    get_batch = awaitable(RunOperations[AsyncRun].get_batch)
    list = awaitable(RunOperations[AsyncRun].list)
    get = awaitable(RunOperations[AsyncRun].get)
    get_status = awaitable(RunOperations[AsyncRun].get_status)
    get_outputs = awaitable(RunOperations[AsyncRun].get_outputs)
    get_output = awaitable(RunOperations[AsyncRun].get_output)
    cancel = awaitable(RunOperations[AsyncRun].cancel)
    retry = awaitable(RunOperations[AsyncRun].retry)
    logs = awaitable(RunOperations[AsyncRun].logs)
    timings = awaitable(RunOperations[AsyncRun].timings)
    feedback = awaitable(RunOperations[AsyncRun].feedback)

    async def iterate(self, **filters: Any) -> AsyncIterator[AsyncRun]:
        """All runs that `list` would show with these filters, page by page as they are needed."""
        filters, unseen = {"page": 1, **filters}, Unseen()
        while True:
            page = await self.list(**filters)
            for run in filter(unseen, page):
                yield run
            if not page.has_next:
                return
            filters["page"] = page.page + 1


class Unseen:
    """Runs that start while pages are read push older ones onto the next page: those are not shown twice."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def __call__(self, run: BaseRun[Any]) -> bool:
        new = run.run_id not in self._seen
        self._seen.add(run.run_id)
        return new


D = TypeVar("D", Driver, AsyncDriver)


def _bound(driver: D | None) -> D:
    if driver is None:
        raise FlowScaleError(
            "this output was read from storage: fetch its run with client.runs.get(run_id) for the bytes"
        )
    return driver
