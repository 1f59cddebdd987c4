"""A server that kills itself with -9 the n-th time that it has done a named step.

python server.py FOLDER DATA STEP N       STEP is one of STEPS, or "none"
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from flowscale_runtime import wiring
from flowscale_runtime.logs import configure
from flowscale_runtime.stores import outcomes, queue, submission
from flowscale_runtime.stores.database import SqliteDatabase
from flowscale_runtime.worker.agent import Agent

STEPS: dict[str, tuple[Any, str]] = {
    "insert": (submission, "submit"),  # the row is written, not committed
    "claim": (queue, "claim"),  # the lease is written, not committed
    "claimed": (Agent, "_execute"),  # the lease is committed, nothing has started
    "upload": (Agent, "_publish"),  # an output is in the object store, the run isn't finished
    "finish": (outcomes, "finish"),  # the end is written, not committed
    "commit": (SqliteDatabase, "_commit"),  # a group is committed, nobody was told
}


def deadly(step: Callable[..., Any], last: int) -> Callable[..., Any]:
    numbers = count(1)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = step(*args, **kwargs)
        if (step.__name__ != "claim" or result) and next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def main() -> None:
    folder, data, step, last = sys.argv[1:]
    if step != "none":
        owner, name = STEPS[step]
        found = vars(owner)[name]
        wrapped = deadly(found.__func__ if isinstance(found, staticmethod) else found, int(last))
        setattr(owner, name, staticmethod(wrapped) if isinstance(found, staticmethod) else wrapped)
    configure("json")
    wiring.serve(wiring.Settings(Path(folder), Path(data), port=0, workers=2))


if __name__ == "__main__":
    main()
