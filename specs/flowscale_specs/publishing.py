"""Writes what is made from the models: the schema for editors and the reference page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_specs import reference, schema

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA_FILE = "flowscale.schema.json"
REFERENCE_FILE = "specs.md"


def publish(folder: Path) -> tuple[Path, ...]:
    """Write the files into a folder; gives their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {SCHEMA_FILE: schema.render_schema(), REFERENCE_FILE: reference.render()}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return tuple(folder / name for name in texts)
