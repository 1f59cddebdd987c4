"""Checks of the server that works on a data folder, or of one that is named."""

from collections.abc import Iterator
from pathlib import Path

from flowscale_cli.checks.findings import Finding, failure, ok, warning
from flowscale_cli.connection import running_server

SECONDS = 5.0


def server(url: str | None, data: Path) -> Iterator[Finding]:
    """Whether it answers and takes work."""
    known = running_server(data)
    address = url or (known or {}).get("url")
    if address is None:
        yield ok("server", f"none runs on {data}")
        return
    import httpx

    try:
        answer = httpx.get(f"{address.rstrip('/')}/readyz", timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        yield failure("server", f"{address} doesn't answer: {error}", "start it, or correct --url")
        return
    if answer.status_code == 200:
        yield ok("server", f"{address} takes work")
    else:
        hint = "its log and /readyz say what it waits for"
        yield warning("server", f"{address} answers {answer.status_code} to /readyz", hint)
