"""What the usual way costs: a form on FastAPI, one insert with SQLAlchemy.

python floor_fastapi.py PORT DATABASE
"""

import sys
import uuid
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Form
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, event, insert

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
engine = create_engine(f"sqlite:///{DATABASE}")


@event.listens_for(engine, "connect")
def configure(connection: object, record: object) -> None:
    """The same guarantees as the others."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]


metadata = MetaData()
runs = Table(
    "runs",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", String, unique=True),
    Column("text", String),
    Column("state", String),
)
metadata.create_all(engine)
app = FastAPI()


@app.get("/")
async def ready() -> None:
    """Answers."""


@app.post("/runs")
async def submit(text: Annotated[str, Form()]) -> dict[str, str]:
    """Keeps one row."""
    run_id = str(uuid.uuid4())
    with engine.begin() as connection:
        connection.execute(insert(runs).values(id=run_id, text=text, state="queued"))
    return {"run_id": run_id}


uvicorn.run(app, port=PORT, access_log=False, log_level="warning")
