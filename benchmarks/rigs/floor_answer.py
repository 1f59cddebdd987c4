"""The least that a start can take: FastAPI on uvicorn with one route.

python floor_answer.py PORT
"""

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/readyz")
async def ready() -> str:
    """Answers."""
    return "ok"


uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
