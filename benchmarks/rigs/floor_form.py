"""The least that a durable submission can cost: a form POST on Starlette, one insert with sqlite3.

python floor_form.py PORT DATABASE
"""

import sqlite3
import sys
import uuid

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
connection = sqlite3.connect(DATABASE, isolation_level=None, check_same_thread=False)
for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
    connection.execute(f"PRAGMA {pragma}")
connection.execute("CREATE TABLE runs (number INTEGER PRIMARY KEY, id TEXT UNIQUE, text TEXT, state TEXT)")


async def submit(request: Request) -> Response:
    """Keeps one row."""
    form = await request.form()
    run_id = str(uuid.uuid4())
    connection.execute("INSERT INTO runs (id, text, state) VALUES (?, ?, 'queued')", (run_id, form["text"]))
    return JSONResponse({"run_id": run_id})


async def ready(request: Request) -> Response:
    """Answers."""
    return Response()


app = Starlette(routes=[Route("/", ready), Route("/runs", submit, methods=["POST"])])
uvicorn.run(app, port=PORT, access_log=False, log_level="warning")
