"""What people think of results: scores and comments beside runs."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from flowscale_runtime.stores.tables import feedback


def add(
    connection: Connection, run_id: str, key_id: str | None, score: float, comment: str | None, now: int
) -> None:
    """Keeps a score; a run may get several."""
    row = {"run_id": run_id, "key_id": key_id, "score": score, "comment": comment, "at": now}
    connection.execute(insert(feedback), row)


def of_run(connection: Connection, run_id: str) -> list[Row[Any]]:
    """All scores of a run, the oldest first."""
    query = select(feedback).where(feedback.c.run_id == run_id).order_by(feedback.c.id)
    return list(connection.execute(query))
