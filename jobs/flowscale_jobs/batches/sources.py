"""Where the sets of inputs of a batch come from, read piece by piece: memory doesn't grow with their number."""

import csv
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from flowscale_jobs.batches.items import Item, Stored
from flowscale_jobs.errors import PlaceError, SourceError
from flowscale_jobs.places import Place, lines, split
from flowscale_jobs.secrets import secret
from flowscale_specs.kinds.batch import BatchSpec, Feed

FORMATS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
Rows = Iterator[dict[str, Any]]


def items(batch: BatchSpec, base: Path) -> Iterator[Item]:
    """The sets of inputs of a batch in their order; relative paths start at `base`. Raises SourceError."""
    for index, inputs in enumerate(_sets(batch, base)):
        yield Item(index, {**batch.shared, **inputs})


def size(batch: BatchSpec) -> int | None:
    """How many sets of inputs there are, where that is known without reading them."""
    if batch.from_ is not None:
        return None
    return len(batch.inputs) or len(list(itertools.product(*batch.matrix.values())))


def _sets(batch: BatchSpec, base: Path) -> Iterator[Mapping[str, Any]]:
    if batch.from_ is not None:
        yield from _read(batch.from_, base, batch.chunk)
    elif batch.matrix:
        for values in itertools.product(*batch.matrix.values()):
            yield dict(zip(batch.matrix, values, strict=True))
    else:
        yield from (_files(row, str(base)) for row in batch.inputs)


def _read(feed: Feed, base: Path, chunk: int) -> Rows:
    written = feed.format or _format(feed.source or "", base)
    if written == "sql":
        rows = _sql(feed, chunk)
    elif written == "files":
        yield from _folder(feed, base)
        return
    else:
        place, name = split(feed.source or "", base)
        try:
            rows = (_files(row, place.address) for row in _READERS[written](place, name, chunk))
            yield from (_chosen(row, feed) for row in rows)
        except PlaceError as error:
            raise SourceError(str(error)) from error
        return
    yield from (_chosen(row, feed) for row in rows)


def _format(source: str, base: Path) -> str:
    if found := FORMATS.get(Path(source).suffix.lower()):
        return found
    if source.endswith("/") or ("://" not in source and (base / source).is_dir()):
        return "files"
    raise SourceError(f"{source}: what it is can't be told by its name; say format: one of {_KNOWN}")


_KNOWN = ", ".join(dict.fromkeys((*FORMATS.values(), "files", "sql")))


def _chosen(row: Mapping[str, Any], feed: Feed) -> dict[str, Any]:
    """The columns that are inputs, under the inputs' names; an empty cell is an input that isn't given."""
    names = {column: name for name, column in feed.map.items()}
    if missing := [column for column in (*feed.columns, *names) if column not in row]:
        raise SourceError(f"{feed.source or 'the query'} has no column {missing[0]}; it has {', '.join(row)}")
    taken = [column for column in row if not feed.columns or column in feed.columns or column in names]
    return {names.get(column, column): row[column] for column in taken if row[column] not in (None, "")}


def _files(row: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """Texts that begin with @ name files beside the source; @@ is an @."""
    return {name: _file(value, folder) for name, value in row.items()}


def _file(value: Any, folder: str) -> Any:
    if isinstance(value, list):
        return [_file(one, folder) for one in value]
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    if value.startswith("@@"):
        return value[1:]
    name = value[1:]
    return Stored(name if "://" in name or Path(name).is_absolute() else f"{folder}/{name}")


def _jsonl(place: Place, name: str, _: int) -> Rows:
    for number, line in enumerate(lines(place.open(name)), 1):
        if line.strip():
            yield _row(_parsed(line, f"{place.address}/{name}:{number}"), f"{place.address}/{name}:{number}")


def _json(place: Place, name: str, _: int) -> Rows:
    where = f"{place.address}/{name}"
    rows = _parsed(place.open(name).read(), where)
    if not isinstance(rows, list):
        raise SourceError(f"{where} holds no list: write [{{...}}, {{...}}], one set of inputs each")
    yield from (_row(row, f"{where}[{number}]") for number, row in enumerate(rows))


def _csv(place: Place, name: str, _: int) -> Rows:
    reader = csv.DictReader(lines(place.open(name)), strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise SourceError(
                    f"{place.address}/{name}:{reader.line_num}: not as many cells as the heading has"
                )
            yield row
    except (csv.Error, UnicodeDecodeError) as error:
        raise SourceError(f"{place.address}/{name}:{reader.line_num}: {error}") from error


def _parquet(place: Place, name: str, chunk: int) -> Rows:
    try:
        for batch in pq.ParquetFile(place.open(name)).iter_batches(batch_size=chunk):
            yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise SourceError(f"{place.address}/{name} is no Parquet file: {error}") from error


def _folder(feed: Feed, base: Path) -> Rows:
    place = Place.at(feed.source or "", base)
    names = [name for name in place.names() if not name.rpartition("/")[2].startswith(".")]
    if not names:
        raise SourceError(f"{place.address} holds no files")
    yield from ({feed.input or "": Stored(f"{place.address}/{name}")} for name in names)


def _sql(feed: Feed, chunk: int) -> Rows:
    address = secret(feed.secret.secret) if feed.secret else feed.source or ""
    try:
        engine = sa.create_engine(_with_driver(address))
        with engine.connect().execution_options(stream_results=True, yield_per=chunk) as connection:
            for row in connection.execute(sa.text(feed.query or "")).mappings():
                yield dict(row)
        engine.dispose()
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SourceError(f"the query of the batch failed: {reason}") from error


def _with_driver(address: str) -> str:
    """An address whose driver is the one that is installed."""
    scheme, separator, rest = address.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in ("postgres", "postgresql") else address


def _parsed(text: str | bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SourceError(f"{where}: not JSON: {error}") from error


def _row(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SourceError(f"{where}: a set of inputs is an object, as {{...}}")
    return value


_READERS = {"jsonl": _jsonl, "json": _json, "csv": _csv, "parquet": _parquet}
