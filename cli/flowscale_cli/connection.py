"""Finding the server that a verb talks to, and the key for it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowscale_cli.errors import CliError, RunFailed, Unreachable, UsageError

if TYPE_CHECKING:
    from flowscale import FlowScaleClient
    from flowscale.exceptions import FlowScaleError


@contextmanager
def client(url: str | None, key_file: Path | None, data: Path | None) -> Iterator["FlowScaleClient"]:
    """A client of the server at `url`, else of the one that `data` (or ./.flowscale) belongs to."""
    from flowscale import FlowScaleClient, FlowScaleError

    url, key = credentials(url, key_file, data)
    try:
        with FlowScaleClient(api_key=key, base_url=url) as found:
            yield found
    except FlowScaleError as error:
        raise translated(error, url) from error


def translated(error: "FlowScaleError", url: str) -> CliError:
    """The end of the command that an error of the client means."""
    from flowscale import exceptions

    refused = (exceptions.FlowScaleAuthenticationError, exceptions.FlowScalePermissionError)
    if isinstance(error, exceptions.FlowScaleRunFailedError) or _timed_out(error):
        return RunFailed(str(error))
    if isinstance(error, (exceptions.FlowScaleNetworkError, exceptions.FlowScaleProtocolError, *refused)):
        return Unreachable(f"{url}: {error}")
    if isinstance(error, exceptions.FlowScaleConfigurationError):
        return UsageError(str(error))
    return CliError(str(error))


def credentials(url: str | None, key_file: Path | None, data: Path | None) -> tuple[str, str | None]:
    """The server's address, and the key: of a file that is named, of the environment, or of the server that runs here.

    Raises Unreachable where no server is known.
    """
    server = running_server(data or Path(".flowscale"))
    url = url or (server or {}).get("url")
    if not url:
        raise Unreachable(
            "no server is known: give --url (or FLOWSCALE_BASE_URL), or start one here with `flowscale serve .`"
        )
    given = os.environ.get("FLOWSCALE_API_KEY")
    if not key_file and not given and server and server["url"] == url:
        key_file = Path(server["key_file"])
    if not key_file:
        return url, given
    try:
        return url, key_file.read_text().strip()
    except OSError as error:
        raise Unreachable(f"the key file {key_file} can't be read: {error.strerror}") from error


def running_server(data: Path) -> dict[str, str] | None:
    """What the server that works on this data folder says of itself, if one does."""
    try:
        server: dict[str, str] = json.loads((data / "server.json").read_text())
    except (OSError, ValueError):
        return None
    return server if Path(f"/proc/{server['pid']}").exists() or not Path("/proc/self").exists() else None


def _timed_out(error: "FlowScaleError") -> bool:
    """Whether the run has ended so, not just the waiting for it."""
    return bool(error.run) and (error.run or {}).get("status") == "timed_out"
