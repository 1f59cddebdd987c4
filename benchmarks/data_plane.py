"""The data plane over PostgreSQL: submissions over several gateways, claims over several workers, beside SQLite.

    python benchmarks/data_plane.py [--runs 2000] [--gateways 1 2 4] [--workers 1 2 4 8 16 32] [--quick]

PostgreSQL commits to the disk before it answers (`fsync` on); SQLite, as `flowscale serve` opens it, leaves that to the
system. A claim is that of a worker: the run is taken under a lease and ended, two transactions. Workers are processes of
their own. Everything runs on one machine, so more of anything shares the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import client
from client import Load, send
from measuring import Report, Table, milliseconds
from servers import SERVED, flowscale

from flowscale_runtime.clock import now
from flowscale_runtime.stores import migrate, outcomes, queue, submission
from flowscale_runtime.stores.database import Database, SqliteDatabase
from flowscale_runtime.stores.postgres import PostgresDatabase
from flowscale_runtime.stores.values import SECOND, NewRun, Outcome

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from harness.fleet import KEY, fleet
from harness.postgres import Postgres, postgres
from harness.s3 import s3

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 16
DURABLE = ("fsync=on",)


def measure(options: argparse.Namespace) -> Report:
    """Both tables."""
    with postgres(port(), settings=DURABLE) as server:
        return Report([claims(server, options), submissions(server, options)])


def claims(server: Postgres, options: argparse.Namespace) -> Table:
    """Runs claimed and ended a second."""
    rows = [claimed("SQLite, 1 worker", sqlite(), 1, options.runs)]
    rows += [
        claimed(f"PostgreSQL, {workers} worker(s)", server.fresh(), workers, options.runs)
        for workers in options.workers
    ]
    return Table("Runs that are claimed and ended", ("", "runs", "runs a second"), rows)


def claimed(name: str, address: str, workers: int, runs: int) -> tuple[str, str, str]:
    asyncio.run(_fill(address, runs))
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(workers + 1)
    counts = context.Queue()
    processes = [context.Process(target=_worker, args=(address, ready, counts)) for _ in range(workers)]
    for process in processes:
        process.start()
    ready.wait()
    started = time.perf_counter()
    done = sum(counts.get() for _ in processes)
    seconds = time.perf_counter() - started
    for process in processes:
        process.join()
    if done != runs:
        raise SystemExit(f"{done} of {runs} runs were claimed")
    return name, f"{done:,}", f"{done / seconds:,.0f}"


def _worker(address: str, ready: object, counts: object) -> None:
    counts.put(asyncio.run(_empty(address, ready)))


async def _empty(address: str, ready: object) -> int:
    """Claims and ends runs until none is left; answers with how many."""
    database, done = opened(address), 0
    await database.read(queue.demand)
    ready.wait()
    while claimed := await database.write(queue.claim, "w", {"env": 1}, 1, 30 * SECOND, now()):
        for run in claimed:
            await database.write(outcomes.finish, run.run_id, run.fence, Outcome("completed", 0.1), now())
            done += 1
    await database.close()
    return done


async def _fill(address: str, runs: int) -> None:
    database = opened(address)
    await database.write(migrate.upgrade)
    for first in range(0, runs, 500):
        numbers = range(first, min(first + 500, runs))
        await database.write(lambda connection, numbers=numbers: [_submit(connection, n) for n in numbers])
    await database.close()


def _submit(connection: object, number: int) -> None:
    run = NewRun(
        *(f"run-{number}", "studio", "portrait", "portrait", "1.0.0", "sha256:0", "env"),
        *([], {"9": "x"}, f"{number:010d}", 60.0, "CPU", 0),
    )
    submission.submit(connection, run, now())


def opened(address: str) -> Database:
    """The database at an address."""
    if address.startswith("sqlite:"):
        return SqliteDatabase(Path(address.removeprefix("sqlite:")))
    return PostgresDatabase(address, size=1)


def sqlite() -> str:
    return f"sqlite:{Path(tempfile.mkdtemp()) / 'bench.db'}"


def submissions(server: Postgres, options: argparse.Namespace) -> Table:
    """Runs accepted a second, and how long the slowest in a hundred waited."""
    with flowscale(SERVED / "text", workers=1) as one:
        one.submit(b"{}", deployment="hold")
        request = one.submission(b'{"text": "hello"}', deployment="echo")
        rows = [accepted("SQLite, flowscale serve", [(one.url, request)], options.runs)]
    for count in options.gateways:
        with gateways(server, count) as urls:
            body = b'{"text": "hello"}'
            headers = {"Content-Type": "application/json", "X-API-KEY": KEY}
            targets = [
                (url, client.request(f"{url}/api/v1/runs?workflow_id=echo", body, headers=headers))
                for url in urls
            ]
            rows.append(accepted(f"PostgreSQL, {count} gateway(s)", targets, options.runs))
    columns = ("", "clients", "runs a second", "median ms", "p99 ms")
    return Table("Runs that are accepted", columns, rows)


def accepted(name: str, targets: list[tuple[str, bytes]], runs: int) -> tuple[str, ...]:
    """All gateways at once, the clients shared out among them."""
    each, clients = runs // len(targets), max(CONNECTIONS // len(targets), 1)
    context = multiprocessing.get_context("spawn")
    with context.Pool(len(targets)) as pool:
        pool.starmap(_send, [(url, request, 20, clients) for url, request in targets])
        started = time.perf_counter()
        found = pool.starmap(_send, [(url, request, each, clients) for url, request in targets])
        seconds = time.perf_counter() - started
    whole = Load(seconds, [latency for latencies in found for latency in latencies])
    return (
        *(name, f"{clients * len(targets)}", f"{whole.rate:,.0f}"),
        *(milliseconds(whole.median), milliseconds(whole.p99)),
    )


def _send(url: str, request: bytes, count: int, clients: int) -> list[float]:
    load = send(url, [request] * count, clients)
    for answer in load.answers:
        if answer.status != 200:
            raise SystemExit(answer.body[:500].decode())
    return load.latencies


@contextmanager
def gateways(server: Postgres, count: int) -> Iterator[list[str]]:
    """The addresses of so many gateways over one database, ready to take runs."""
    served = SERVED / "text"
    with (
        tempfile.TemporaryDirectory() as place,
        s3(Path(place), port()) as bucket,
        fleet(Path(place), server, bucket, "echo", "") as ships,
    ):
        ships.folder = served
        names = [f"gateway-{number}" for number in range(count)]
        for name in names:
            ships.gateway(name)
        yield [asyncio.run(_ready(ships, name)) for name in names]


async def _ready(ships: object, name: str) -> str:
    async with ships.client(name) as client:
        return str(client.base_url)


def port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What can be asked for."""
    parser.add_argument("--runs", type=int, help="runs of each row (2000)")
    parser.add_argument("--gateways", type=int, nargs="+", help="numbers of gateways (1 2 4)")
    parser.add_argument("--workers", type=int, nargs="+", help="numbers of workers (1 2 4 8 16 32)")
    parser.add_argument("--quick", action="store_true", help="fewer of all")
    return parser


def settled(options: argparse.Namespace) -> argparse.Namespace:
    """Options with what follows from --quick."""
    options.runs = options.runs or (300 if options.quick else 2000)
    options.gateways = options.gateways or ([1, 2] if options.quick else [1, 2, 4])
    options.workers = options.workers or ([1, 4] if options.quick else [1, 2, 4, 8, 16, 32])
    return options


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    print(measure(settled(arguments(parser).parse_args())).markdown())


if __name__ == "__main__":
    main()
