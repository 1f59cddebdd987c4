"""Looking at a table for rows that changed."""

import json
from typing import Any

import sqlalchemy as sa

from flowscale_jobs.errors import JobError
from flowscale_jobs.pipelines.data import with_driver
from flowscale_jobs.schedules.changes import Row, Watermark, fresh
from flowscale_jobs.secrets import secret
from flowscale_specs.kinds.schedule import ChangeTrigger


def look(change: ChangeTrigger, mark: Watermark) -> tuple[list[Row], Watermark]:
    """Rows that weren't told of, and the mark after them. Raises JobError."""
    cursor: sa.ColumnClause[Any] = sa.column(change.cursor)
    query = sa.select(sa.text("*")).select_from(sa.table(change.table))
    query = query.order_by(cursor).limit(change.limit + len(mark.seen))
    if mark.value is not None:
        query = query.where(cursor >= mark.value)
    if change.condition is not None:
        query = query.where(sa.text(f"({change.condition})"))
    engine = sa.create_engine(with_driver(secret(change.database.secret)), poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            rows = [_plain(dict(row)) for row in connection.execute(query).mappings()]
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise JobError(f"the table {change.table} can't be looked at: {reason}") from error
    if rows and change.cursor not in rows[0]:
        raise JobError(f"the table {change.table} has no column {change.cursor}: {', '.join(rows[0])}")
    return fresh(rows, mark, change.cursor)


def _plain(row: dict[str, Any]) -> Row:
    kept: Row = json.loads(json.dumps(row, default=str))
    return kept
