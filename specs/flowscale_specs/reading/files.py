"""One file of YAML, read whole: its documents and everything that is wrong with it as YAML."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from flowscale_specs.errors import SpecError
from flowscale_specs.reading.building import Builder
from flowscale_specs.reading.faults import Fault, Refused
from flowscale_specs.reading.places import Place, pointer

if TYPE_CHECKING:
    from pathlib import Path


MAX_BYTES = 16 * 2**20
"""The size of a file at most."""


@dataclass(slots=True)
class Reading:
    """What one file holds: (value, place) of each document, and the faults."""

    documents: list[tuple[Any, Place]] = field(default_factory=list)
    errors: list[SpecError] = field(default_factory=list)


def read_file(path: Path) -> Reading:
    """Read a file, at most MAX_BYTES of it."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a file name"
        return Reading(errors=[SpecError(path, 1, 1, "", f"can't be read: {reason}")])
    return read_text(data, path)


def read_text(data: bytes, path: Path) -> Reading:
    """Read the bytes of a file; `path` is where errors say they are."""
    if len(data) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 2**20} MiB"
        return Reading(errors=[SpecError(path, 1, 1, "", message, "split it into several files")])
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        return Reading(errors=[_not_text(data, error, path)])
    return _build(text, path)


def _build(text: str, path: Path) -> Reading:
    reading = Reading()
    builder = Builder(text, str(path))
    try:
        for value, (_, line, column) in builder.documents():
            reading.documents.append((value, Place(path, line, column)))
    except Refused as refused:
        reading.errors.append(_from_fault(refused.fault, path))
    except yaml.MarkedYAMLError as error:
        reading.errors.append(_from_yaml(error, text, path))
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        reading.errors.append(_at(before, path, "a control character, which YAML doesn't allow"))
    reading.errors.extend(_from_fault(fault, path) for fault in builder.faults)
    return reading


def _from_fault(fault: Fault, path: Path) -> SpecError:
    return SpecError(path, *fault.spot[1:], pointer(fault.steps), fault.message, fault.hint)


def _from_yaml(error: yaml.MarkedYAMLError, text: str, path: Path) -> SpecError:
    """A syntax error in the parser's words, which never quote a value."""
    mark, context = error.problem_mark or error.context_mark, error.context_mark
    message = f"not YAML: {error.problem or error.context}"
    if mark is None or mark.line > text.count("\n"):
        return _at(text, path, message, f"the file ends {error.context}" if error.context else "")
    since = f"{error.context} in line {context.line + 1}" if error.context and context else ""
    return SpecError(path, mark.line + 1, mark.column + 1, "", message, since)


def _not_text(data: bytes, error: UnicodeDecodeError, path: Path) -> SpecError:
    before = data[: error.start].decode(errors="replace")
    return _at(before, path, "not UTF-8 text", "save the file as UTF-8")


def _at(before: str, path: Path, message: str, hint: str = "") -> SpecError:
    line = before.count("\n") + 1
    return SpecError(path, line, len(before) - (before.rfind("\n") + 1) + 1, "", message, hint)
