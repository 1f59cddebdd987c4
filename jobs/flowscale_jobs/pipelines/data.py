"""Rows and files in pipelines: got from elsewhere, worked on, put elsewhere."""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import sqlalchemy as sa
from PIL import Image

from flowscale_jobs.errors import StepFailed
from flowscale_jobs.expressions import evaluate, fill, holds
from flowscale_jobs.places import Place, split
from flowscale_jobs.secrets import secret
from flowscale_specs.kinds.steps import DataSource, DataTarget, Step, Transformation

TIMEOUT = 60.0


def do(step: Step, known: Mapping[str, Any]) -> Any:
    """What a step of extract, transform or load gives. Raises StepFailed."""
    try:
        if step.extract:
            return _extract(step.extract, known)
        if step.transform:
            return transform(step.transform, known)
        return _load(step.load, known) if step.load else None
    except (sa.exc.SQLAlchemyError, httpx.HTTPError) as error:
        raise StepFailed(str(getattr(error, "orig", None) or error).splitlines()[0]) from error


def _extract(source: DataSource, known: Mapping[str, Any]) -> list[Any]:
    if source.kind == "database":
        if source.secret is None or not source.query:
            raise StepFailed("extract from a database needs query and secret")
        with _engine(secret(source.secret.secret)).connect() as connection:
            found = connection.execute(sa.text(source.query), _parameters(source.query, known)).mappings()
            return [_plain(dict(row)) for row in found]
    address = fill(source.path or "", known)
    if source.kind == "store":
        place = Place.at(address)
        return [{"name": name, "path": f"{place.address}/{name}"} for name in place.names()]
    headers = {"Authorization": f"Bearer {secret(source.secret.secret)}"} if source.secret else {}
    reply = httpx.get(address, headers=headers, timeout=TIMEOUT).raise_for_status().json()
    return reply if isinstance(reply, list) else [reply]


def _parameters(query: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """`:name` in a query is an input of the pipeline, never pasted into its text."""
    return {name: value for name, value in known["inputs"].items() if f":{name}" in query}


def transform(spec: Transformation, known: Mapping[str, Any]) -> list[Any]:
    """The rows after all operations, in order."""
    rows = fill(spec.value, known)
    if not isinstance(rows, list):
        raise StepFailed(f"{spec.value} gives {type(rows).__name__}, not rows")
    for operation in spec.operations:
        for name, argument in operation.items():
            if name not in OPERATIONS:
                raise StepFailed(f"there is no operation {name}: {', '.join(OPERATIONS)}")
            rows = OPERATIONS[name](rows, argument)
    return rows


def _select(rows: list[Any], condition: Any) -> list[Any]:
    return [row for row in rows if holds(str(condition), {"row": row})]


def _rename(rows: list[Any], names: Any) -> list[Any]:
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def _keep(rows: list[Any], names: Any) -> list[Any]:
    return [{name: row.get(name) for name in names} for row in rows]


def _set(rows: list[Any], values: Any) -> list[Any]:
    return [
        {**row, **{name: evaluate(str(text), {"row": row}) for name, text in values.items()}} for row in rows
    ]


def _normalize(rows: list[Any], names: Any) -> list[Any]:
    """Columns as z-scores: mean 0, standard deviation 1; a column that is all alike becomes 0."""
    for name in names:
        values = [float(row[name]) for row in rows]
        mean = sum(values) / len(values) if values else 0.0
        spread = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 if values else 0.0
        scores = [(value - mean) / spread if spread else 0.0 for value in values]
        rows = [{**row, name: score} for row, score in zip(rows, scores, strict=True)]
    return rows


def _validate(rows: list[Any], condition: Any) -> list[Any]:
    if bad := [row for row in rows if not holds(str(condition), {"row": row})]:
        raise StepFailed(f"{len(bad)} of {len(rows)} rows break {condition!r}; the first is {bad[0]}")
    return rows


def _resize(rows: list[Any], size: Any) -> list[Any]:
    """Pictures in a store, made to fit; each is written beside the old one."""
    made = []
    for row in rows:
        place, name = split(row["path"])
        content = place.read(name)
        if content is None:
            raise StepFailed(f"there is no file {row['path']}")
        with Image.open(io.BytesIO(content)) as picture:
            kind = picture.format or "PNG"
            small = picture.resize((int(size[0]), int(size[1])))
        file = io.BytesIO()
        small.save(file, kind)
        stem, _, extension = name.rpartition(".")
        resized = f"{stem}-{size[0]}x{size[1]}.{extension}"
        place.write(resized, file.getvalue())
        made.append({**row, "name": resized, "path": f"{place.address}/{resized}"})
    return made


OPERATIONS: dict[str, Callable[[list[Any], Any], list[Any]]] = {
    "select": _select,
    "rename": _rename,
    "keep": _keep,
    "set": _set,
    "normalize": _normalize,
    "validate": _validate,
    "limit": lambda rows, count: rows[: int(count)],
    "resize": _resize,
}


def _load(target: DataTarget, known: Mapping[str, Any]) -> dict[str, Any]:
    rows = fill(target.value, known)
    rows = rows if isinstance(rows, list) else [rows]
    if target.kind == "database":
        if target.secret is None or not target.table:
            raise StepFailed("load into a database needs table and secret")
        with _engine(secret(target.secret.secret)).begin() as connection:
            table = sa.Table(target.table, sa.MetaData(), autoload_with=connection)
            if rows:
                connection.execute(table.insert(), rows)
        return {"rows": len(rows)}
    address = fill(target.path or "", known)
    text = "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
    if target.kind == "store":
        place, name = split(address)
        place.write(name, text)
        return {"rows": len(rows), "path": address}
    headers = {"Authorization": f"Bearer {secret(target.secret.secret)}"} if target.secret else {}
    reply = httpx.post(address, json=rows, headers=headers, timeout=TIMEOUT).raise_for_status()
    return {"rows": len(rows), "status": reply.status_code}


def _engine(address: str) -> sa.Engine:
    return sa.create_engine(with_driver(address), poolclass=sa.pool.NullPool)


def with_driver(address: str) -> str:
    """An address whose driver is the one that is installed."""
    scheme, separator, rest = address.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else address


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON: times and exact numbers as text."""
    kept: dict[str, Any] = json.loads(json.dumps(row, default=str))
    return kept
