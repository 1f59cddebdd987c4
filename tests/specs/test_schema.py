"""Editors get one JSON Schema that agrees with what loads; it and the reference page are made from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flowscale_specs import KINDS, json_schema, load, reference, render_schema
from flowscale_specs.kinds.fields import plain
from flowscale_specs.publishing import publish

DOCS = Path(__file__).parents[2] / "docs" / "reference"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_files_in_docs_are_made_from_the_models(tmp_path: Path) -> None:
    """Where they differ, `publish(Path("docs/reference"))` writes them anew."""
    written = publish(tmp_path)
    assert [path.name for path in written] == ["flowscale.schema.json", "specs.md"]
    for path in written:
        assert (DOCS / path.name).read_bytes() == path.read_bytes()


def test_the_schema_accepts_the_complete_specs(complete: Path) -> None:
    for entry in load(complete):
        errors = [
            f"{list(error.path)}: {error.message}" for error in VALIDATOR.iter_errors(plain(entry.written))
        ]
        assert errors == [], (entry.kind, entry.name)


@pytest.mark.parametrize(
    "spec",
    [
        {"scaling": 3},
        {"scaling": "auto"},
        {"cache": True},
        {"cache": "24h"},
        {"cors": ["https://a.b"]},
        {"auth": False},
        {"traffic": "2.1.0"},
        {"webhooks": ["https://a.b"]},
        {"tags": [1, True, "x"]},
        {"limits": {"body": 1000}},
    ],
)
def test_the_schema_accepts_short_forms(spec: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid({"kind": "WorkflowDeployment", "spec": spec})


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"kind": "Workflo"},
        {"kind": "Workflow", "metdata": {}},
        {"kind": "Workflow", "spec": {"sorce": "a"}},
        {"kind": "Workflow", "apiVersion": "v2"},
        {"kind": "Workflow", "metadata": {"name": "a b"}},
        {"kind": "Workflow", "spec": {"inputs": {"a": {"minimun": 1}}}},
        {"kind": "Budget"},
        {"kind": "Budget", "spec": {"limit": "500"}},
        {"kind": "Budget", "spec": {"limit": "$500/month", "exceeded": "explode"}},
        {"kind": "WorkflowDeployment", "spec": {"scaling": {"min": -1}}},
        {"kind": "WorkflowDeployment", "spec": {"scaling": True}},
        {"kind": "WorkflowDeployment", "spec": {"limits": {"timeout": "soon"}}},
        {"kind": "Project", "spec": {"secrets": {"A": "value"}}},
    ],
)
def test_the_schema_refuses_what_does_not_load(document: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(document)


def properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            yield f"{path}.{name}", inner
        for key, inner in node.items():
            yield from properties(inner, f"{path}.{key}")
    if isinstance(node, list):
        for inner in node:
            yield from properties(inner, path)


def test_every_property_is_described() -> None:
    schema = json_schema()
    for path, inner in properties(schema["$defs"]):
        target = schema["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        assert inner.get("description") or target.get("description"), path


def test_the_reference_has_every_kind_and_says_what_is_not_executed() -> None:
    page = reference.render()
    for name, kind in KINDS.items():
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        assert ("not executed yet" in section) is not kind.executes


def test_links_of_the_reference_lead_somewhere() -> None:
    import re

    page = reference.render()
    anchors = {title.lower() for title in re.findall(r"^#+ (\S+)$", page, re.MULTILINE)}
    anchors |= set(re.findall(r'<a id="([a-z0-9]+)">', page))
    assert set(re.findall(r"\]\(#([a-z0-9]+)\)", page)) - anchors == set()


def test_the_schema_is_the_same_every_time() -> None:
    assert json.loads(render_schema()) == json_schema()
