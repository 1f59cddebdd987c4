"""flowscale cancel: ends a run."""

from flowscale_cli.connection import client
from flowscale_cli.options import Data, KeyFile, RunName, Url
from flowscale_cli.output import say


def command(run_id: RunName, url: Url = None, key_file: KeyFile = None, data: Data = None) -> None:
    """Cancel a queued or running run; what it computes is stopped.

    Example: flowscale cancel 0198c1de-7f3a-7b1e-a111-2f6d3c1b5a10
    """
    with client(url, key_file, data) as found:
        say(found.runs.cancel(run_id))
