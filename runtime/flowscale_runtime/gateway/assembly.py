"""The gateway put together over stores: what its routes work with, and what runs beside them."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowscale_runtime.gateway.access import Gate
from flowscale_runtime.gateway.admission import Admission
from flowscale_runtime.gateway.catalog import Served
from flowscale_runtime.gateway.fetching import Fetcher
from flowscale_runtime.gateway.identity import Issuers
from flowscale_runtime.gateway.inference.ports import Networks
from flowscale_runtime.gateway.links import Links
from flowscale_runtime.gateway.metering import Meter
from flowscale_runtime.gateway.metrics import Metrics
from flowscale_runtime.gateway.rates import LocalRates, Rates
from flowscale_runtime.gateway.sealing import Sealer
from flowscale_runtime.gateway.sources import Sources
from flowscale_runtime.gateway.state import State, nothing
from flowscale_runtime.gateway.sweeping import Sweeper
from flowscale_runtime.gateway.tokens import Tokens
from flowscale_runtime.gateway.webhooks import Deliveries
from flowscale_runtime.secrets import Secrets
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.database import Database
from flowscale_runtime.stores.direct import Direct
from flowscale_runtime.stores.objects import Objects
from flowscale_runtime.stores.parts import FolderParts
from flowscale_runtime.tracing.spans import SILENT, Tracer


@dataclass(frozen=True, slots=True)
class Gateway:
    """The state of the routes, and its parts that work by themselves."""

    state: State
    fetcher: Fetcher
    deliveries: Deliveries

    def parts(self) -> list[Coroutine[Any, Any, None]]:
        """What runs for as long as the gateway does."""
        state = self.state
        return [
            state.gate.note_use(),
            state.meter.run(),
            self.deliveries.run(),
            Sealer(state.database, state.objects, state.clock).run(),
            Sweeper(state.database, state.objects, state.served, state.clock, state.direct).run(),
            count(state.bus, state.metrics),
        ]


def assemble(
    database: Database,
    objects: Objects,
    data: Path,
    bus: Bus,
    clock: Callable[[], int],
    *,
    link_secret: str,
    token_secret: str,
    private: bool,
    submitted: Callable[[], None],
    wake: Callable[[], None],
    hosts: Callable[[], list[dict[str, Any]]],
    engine: Callable[[], Awaitable[str]] = nothing,
    networks: Networks | None = None,
    direct: Direct | None = None,
    tracer: Tracer = SILENT,
    rates: Rates | None = None,
) -> Gateway:
    """A gateway over these stores; `data` is its own folder.

    `tracer` takes spans of requests, `private` lets it fetch from and call private addresses, `submitted` is told of a new
    run, `wake` that something may be claimed. Requests are counted by `rates`, else in this process alone.
    """
    served, fetcher, links = Served(), Fetcher(objects, private=private), Links(link_secret, clock)
    sources = Sources(objects, fetcher, links, database)
    deliveries = Deliveries(database, bus, Secrets(data / "secrets"), clock, private=private)
    state = State(
        served=served,
        database=database,
        objects=objects,
        parts=FolderParts(data / "uploads"),
        bus=bus,
        gate=Gate(
            database, clock, Tokens(token_secret, clock), Issuers(served, clock), rates or LocalRates(clock)
        ),
        links=links,
        sources=sources,
        admission=Admission(database, sources, bus, clock, submitted),
        metrics=Metrics(),
        meter=Meter(database, served, clock),
        clock=clock,
        wake=wake,
        hosts=hosts,
        deliver=deliveries.wake,
        engine=engine,
        networks=networks,
        direct=direct,
        tracer=tracer,
    )
    return Gateway(state, fetcher, deliveries)


async def count(bus: Bus, metrics: Metrics) -> None:
    """Counts what ends."""
    with bus.follow(None) as follower:
        while True:
            for event in await follower.next():
                metrics.ended(event)
