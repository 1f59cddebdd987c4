"""Sets of inputs come out of every source in order, as they were written, and what is wrong is told with its place."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_jobs.batches.items import Item, Stored
from flowscale_jobs.batches.sources import items, size
from flowscale_jobs.errors import SourceError
from flowscale_specs.kinds.batch import BatchSpec

ROWS = [{"prompt": f"picture {number}", "steps": number} for number in range(5)]


def batch(**fields: Any) -> BatchSpec:
    return BatchSpec.model_validate({"deployment": "portrait", **fields})


def inputs(folder: Path, **fields: Any) -> list[dict[str, Any]]:
    return [dict(item.inputs) for item in items(batch(**fields), folder)]


def written(folder: Path, name: str) -> str:
    path = folder / name
    match path.suffix:
        case ".jsonl":
            path.write_text("\n".join(json.dumps(row) for row in ROWS) + "\n\n")
        case ".json":
            path.write_text(json.dumps(ROWS))
        case ".parquet":
            pq.write_table(pa.Table.from_pylist(ROWS), path)
        case ".db":
            with sqlite3.connect(path) as database:
                database.execute("CREATE TABLE todo (prompt TEXT, steps INTEGER)")
                database.executemany("INSERT INTO todo VALUES (:prompt, :steps)", ROWS)
            database.close()
    return name


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.parquet"])
def test_rows_keep_their_order_and_types(tmp_path: Path, name: str) -> None:
    assert inputs(tmp_path, **{"from": written(tmp_path, name)}, chunk=2) == ROWS


def test_a_query_gives_rows(tmp_path: Path) -> None:
    written(tmp_path, "rows.db")
    feed = {
        "source": f"sqlite:///{tmp_path}/rows.db",
        "format": "sql",
        "query": "SELECT * FROM todo ORDER BY steps",
    }
    assert inputs(tmp_path, **{"from": feed}, chunk=2) == ROWS


def test_a_query_may_have_its_address_in_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, "rows.db")
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path}/rows.db")
    feed = {
        "secret": {"secret": "shop/url"},
        "format": "sql",
        "query": "SELECT prompt FROM todo WHERE steps = 3",
    }
    assert inputs(tmp_path, **{"from": feed}) == [{"prompt": "picture 3"}]


def test_columns_are_chosen_and_renamed(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id,title,steps,note\n1,a cat,20,\n2,a dog,,x\n")
    feed = {"source": "rows.csv", "columns": ["steps"], "map": {"prompt": "title"}}
    assert inputs(tmp_path, **{"from": feed}) == [{"prompt": "a cat", "steps": "20"}, {"prompt": "a dog"}]


def test_files_of_a_folder_go_to_one_input_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.png", "a.png", "deep/c.png", ".hidden"):
        (tmp_path / "todo" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "todo" / name).write_bytes(b"x")
    feed = {"source": "todo", "format": "files", "input": "photo"}
    expected = [{"photo": Stored(f"{tmp_path}/todo/{name}")} for name in ("a.png", "b.png", "deep/c.png")]
    assert inputs(tmp_path, **{"from": feed}) == expected


def test_a_text_that_begins_with_at_is_a_file_beside_the_source(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(
        '{"photo": "@one.png", "name": "@@me"}\n{"photo": "@s3://b/two.png"}\n'
    )
    assert inputs(tmp_path, **{"from": "rows.jsonl"}) == [
        {"photo": Stored(f"{tmp_path}/one.png"), "name": "@me"},
        {"photo": Stored("s3://b/two.png")},
    ]


def test_a_matrix_gives_every_combination(tmp_path: Path) -> None:
    spec = {"matrix": {"a": [1, 2], "b": ["x", "y"]}, "shared": {"c": 0}}
    assert inputs(tmp_path, **spec) == [{"a": a, "b": b, "c": 0} for a in (1, 2) for b in ("x", "y")]
    assert size(batch(**spec)) == 4


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"a": 1}\n{"a":\n', "rows.jsonl:2: not JSON"),
        ('{"a": 1}\n[1]\n', "rows.jsonl:2: a set of inputs is an object"),
    ],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "rows.jsonl").write_text(content)
    with pytest.raises(SourceError, match=complaint):
        inputs(tmp_path, **{"from": "rows.jsonl"})


@pytest.mark.parametrize(
    ("feed", "complaint"),
    [
        ("none.csv", "can't be opened"),
        ("rows.what", "what it is can't be told"),
        ({"source": "rows.csv", "columns": ["c"]}, "has no column c; it has a, b"),
        (
            {"source": "sqlite:///none/at/all.db", "format": "sql", "query": "SELECT 1"},
            "the query of the batch failed",
        ),
    ],
)
def test_a_source_that_cant_be_read_is_an_error(tmp_path: Path, feed: Any, complaint: str) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError, match=complaint):
        inputs(tmp_path, **{"from": feed})


def test_a_row_with_too_few_cells_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(SourceError, match=r"rows\.csv:3: not as many cells"):
        inputs(tmp_path, **{"from": "rows.csv"})


cells = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(
    lambda text: text[0] != "@"
)


@given(st.lists(st.fixed_dictionaries({"a": cells, "b": cells}), min_size=1, max_size=8))
def test_what_a_csv_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["a", "b"])
        writer.writeheader()
        writer.writerows(rows)
    assert inputs(folder, **{"from": "rows.csv"}) == rows


@given(st.integers(0, 10**6), st.dictionaries(st.text(min_size=1), st.integers() | st.text()))
def test_the_key_of_an_item_names_its_place_and_its_inputs(index: int, values: dict[str, Any]) -> None:
    item = Item(index, values)
    assert item.key == Item(index, dict(reversed(values.items()))).key
    assert item.key != Item(index + 1, values).key
    assert item.key != Item(index, {**values, "more": 1}).key
