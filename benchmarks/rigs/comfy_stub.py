"""As little as answers for ComfyUI's POST /prompt: no queue, no nodes. Runs in comfy-api-proxy's environment.

python comfy_stub.py PORT
"""

import sys

from aiohttp import web


async def prompt(request: web.Request) -> web.Response:
    """Takes any graph."""
    sent = await request.json()
    return web.json_response({"prompt_id": sent.get("prompt_id"), "number": 1, "node_errors": {}})


async def queue(request: web.Request) -> web.Response:
    """Nothing waits."""
    return web.json_response({"queue_running": [], "queue_pending": []})


app = web.Application()
app.add_routes([web.post("/prompt", prompt), web.get("/queue", queue)])
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
