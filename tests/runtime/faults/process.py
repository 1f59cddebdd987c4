"""The `flowscale` program, that kills itself with -9 the n-th time that it has done a named step.

python process.py STEP N ARGUMENT...       STEP is one of STEPS
"""

import os
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

from flowscale_runtime.gateway.webhooks import Deliveries
from flowscale_runtime.stores import outcomes, queue, submission
from flowscale_runtime.stores.postgres import Commit
from flowscale_runtime.worker.agent import Agent

STEPS: dict[str, tuple[Any, str]] = {
    "insert": (submission, "submit"),  # the row is written, not committed
    "commit": (Commit, "attempt"),  # something is committed, nobody was told
    "deliver": (Deliveries, "_post"),  # a webhook was taken, that is not written down
    "claim": (queue, "claim"),  # the lease is written, not committed
    "claimed": (Agent, "_execute"),  # the lease is committed, nothing has started
    "upload": (Agent, "_publish"),  # an output is in the bucket, the run isn't finished
    "finish": (outcomes, "finish"),  # the end is written, not committed
}


def deadly(step: Callable[..., Any], last: int) -> Callable[..., Any]:
    numbers = count(1)

    def after(result: Any) -> Any:
        if (step.__name__ != "claim" or result) and next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    async def waited(*args: Any, **kwargs: Any) -> Any:
        return after(await step(*args, **kwargs))

    def called(*args: Any, **kwargs: Any) -> Any:
        return after(step(*args, **kwargs))

    return waited if step.__name__ in ("_post", "_publish") else called


def main() -> None:
    step, last = sys.argv[1:3]
    owner, name = STEPS[step]
    setattr(owner, name, deadly(vars(owner)[name], int(last)))
    sys.argv = ["flowscale", *sys.argv[3:]]
    from flowscale_cli.main import main

    main()


if __name__ == "__main__":
    main()
