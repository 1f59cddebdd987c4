"""`FlowScaleClient` and `AsyncFlowScaleClient`: one set-up, two ways of calling."""

import logging
import os
import random
import uuid
from collections.abc import Mapping
from importlib.metadata import version
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import httpx

from flowscale._client.clocks import SystemClock
from flowscale._client.drivers import AsyncDriver, Driver
from flowscale._client.methods import awaitable, blocking
from flowscale._client.resources import (
    AsyncDeployments,
    AsyncFiles,
    AsyncKeys,
    AsyncWorkflows,
    Deployments,
    Files,
    Keys,
    Workflows,
)
from flowscale._client.runs import AsyncRun, AsyncRuns, Run, Runs
from flowscale._client.signing import Signed
from flowscale._core.core import Cache, Clock, Core, logger
from flowscale._core.services import ServiceOperations
from flowscale._core.settings import Settings, complete

logger.addHandler(logging.NullHandler())
Transport = TypeVar("Transport", httpx.BaseTransport, httpx.AsyncBaseTransport)


class BaseClient(Generic[Transport]):
    """What both clients take and show."""

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float = 30.0,
        connect_timeout: float = 10.0,
        max_retries: int = 3,
        workflow_id: str | None = None,
        group_id: str | None = None,
        signing_secret: str | None = None,
        logging_level: int | str | None = None,
        cache: Cache | None = None,
        max_connections: int = 100,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`api_key` and `base_url` come from FLOWSCALE_API_KEY and FLOWSCALE_BASE_URL unless given.

        timeout: seconds without a byte before a request is given up; `execute` has its own for the whole run.
        max_retries: how often a request is sent again after a failure that may pass.
        workflow_id, group_id: for all calls that name none. signing_secret: signs every request.
        logging_level: of the logger `flowscale`. cache: see `set_cache`.
        transport, clock: other ways to the server and other time, as `flowscale.testing` has.
        """
        if logging_level is not None:
            logger.setLevel(logging_level)
        url, key = complete(os.environ, base_url=base_url, api_key=api_key)
        settings = Settings(
            url, key, timeout, connect_timeout, max_retries, workflow_id, group_id, signing_secret
        )
        if settings.travels_in_clear:
            logger.warning("the API key travels unencrypted to %s: use https", url)
        self._core = Core(settings, clock or SystemClock(), random.random, _new_key, cache)
        self._operations = ServiceOperations(self._core)
        self._connect(
            transport=transport,
            limits=httpx.Limits(max_connections=max_connections, max_keepalive_connections=max_connections),
            auth=Signed(signing_secret, self._core.clock.time, url) if signing_secret else None,
            headers={
                "User-Agent": f"flowscale-sdk-python/{version('flowscale-sdk')}",
                "Accept": "application/json",
            },
        )

    def _connect(self, **options: Any) -> None:
        raise NotImplementedError

    def set_cache(self, cache: Cache | None) -> None:
        """Keep results: `execute` with equal inputs then answers from there, without asking the server."""
        self._core.cache = cache

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._core.settings.base_url!r})"


class FlowScaleClient(BaseClient[httpx.BaseTransport]):
    """Calls block until the answer is there; safe to share between threads."""

    health = blocking(ServiceOperations.health)
    queue = blocking(ServiceOperations.queue)
    openapi = blocking(ServiceOperations.openapi)

    def _connect(self, **options: Any) -> None:
        self._driver = Driver(self._core, httpx.Client(**options))
        self.runs = Runs(self._driver)
        self.files = Files(self._driver)
        self.workflows = Workflows(self._driver)
        self.keys = Keys(self._driver)
        self.deployments = Deployments(self._driver)

    def bind(self, run: Mapping[str, Any]) -> Run:
        """A run that was stored as JSON, able to fetch its outputs again."""
        return Run(run, self._driver)

    def close(self) -> None:
        """Close the connections."""
        self._driver.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncFlowScaleClient(BaseClient[httpx.AsyncBaseTransport]):
    """The same calls, to await."""

    health = awaitable(ServiceOperations.health)
    queue = awaitable(ServiceOperations.queue)
    openapi = awaitable(ServiceOperations.openapi)

    def _connect(self, **options: Any) -> None:
        self._driver = AsyncDriver(self._core, httpx.AsyncClient(**options))
        self.runs = AsyncRuns(self._driver)
        self.files = AsyncFiles(self._driver)
        self.workflows = AsyncWorkflows(self._driver)
        self.keys = AsyncKeys(self._driver)
        self.deployments = AsyncDeployments(self._driver)

    def bind(self, run: Mapping[str, Any]) -> AsyncRun:
        """A run that was stored as JSON, able to fetch its outputs again."""
        return AsyncRun(run, self._driver)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._driver.client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _new_key() -> str:
    return uuid.uuid4().hex
