"""A Ray Serve deployment that gives back what it got. Runs in Ray's environment.

python ray_noop.py PORT
"""

import sys
import threading

from ray import serve
from starlette.requests import Request


@serve.deployment
class Noop:
    """Does nothing."""

    async def __call__(self, request: Request) -> dict[str, str]:
        return {"text": (await request.json() if request.method == "POST" else {}).get("text", "")}


serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
serve.run(Noop.bind())
threading.Event().wait()
