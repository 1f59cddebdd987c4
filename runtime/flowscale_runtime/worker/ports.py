"""What the worker asks of an engine: hosts that compute one run at a time."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from flowscale_runtime.engines.networks.values import Network, Tensor
from flowscale_runtime.engines.values import Environment

Tell = Callable[[dict[str, Any], bytes], None]


class Host(Protocol):
    """A process that computes runs of one environment. When it dies, whoever waits is told."""

    environment: Environment
    name: str
    idle_since: float
    ready: asyncio.Future[None]
    """Done once it can compute."""

    @property
    def definitions(self) -> asyncio.Future[dict[str, Any]]:
        """Done once it has said which nodes it has."""

    async def start(self) -> None:
        """Starts the process; it is usable when `ready` is done."""

    @property
    def pid(self) -> int | None:
        """The process that computes; what it starts are its children. None where another machine may compute."""

    @property
    def alive(self) -> bool:
        """Whether it can take another run."""

    async def run(self, job: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """Runs a job; `tell` hears of progress and previews. Raises HostDied."""

    async def check(self, question: dict[str, Any]) -> dict[str, Any]:
        """Whether a graph can run, also while another one does. Raises HostDied."""

    def forget(self) -> None:
        """Asks for memory back: results and models of earlier jobs go once nothing runs."""

    def interrupt(self) -> None:
        """Asks the job to stop at the next node or step."""

    def kill(self) -> None:
        """Ends the process with everything it started."""

    def log(self) -> str:
        """What the job printed, the last lines of it."""

    async def close(self) -> None:
        """Kills the process and removes its folder."""

    def clean(self) -> None:
        """Empties the folders that a job wrote into."""


Make = Callable[[Environment, Path, Path], Host]
"""Makes the host of an environment, its folder below the first path, its inputs in the second."""


class Engine(Protocol):
    """What makes hosts, and lives as long as the worker."""

    def host(self, environment: Environment, folder: Path, inputs: Path) -> Host:
        """A host that isn't started, its folder below `folder`."""

    async def ready(self, network: Network) -> None:
        """Returns once a network is loaded for callers that aren't nodes. Raises NetworkError."""

    async def infer(self, network: Network, given: Sequence[Tensor]) -> list[Tensor]:
        """One pass of a network, tensors in the order in which it declares them. Raises NetworkError."""

    async def metrics(self) -> str:
        """What it counts, as Prometheus reads it."""

    async def close(self) -> None:
        """Ends what hosts share, after they have ended."""
