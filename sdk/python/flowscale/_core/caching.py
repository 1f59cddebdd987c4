"""Results by the content of their inputs: the key is a digest, the value the run object as JSON."""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flowscale._core.core import Cache, Core
from flowscale._core.effects import Block, Program
from flowscale._core.submission import Submission, rereadable
from flowscale.files import File

CHUNK = 1 << 20


def recall(core: Core, wanted: Submission) -> Program[tuple[str | None, dict[str, Any] | None]]:
    """The cache key and what is kept there; no key without a cache, or if an input can't be read twice."""
    if core.cache is None or not all(rereadable(file.source) for file in _files(wanted.inputs)):
        return None, None
    key: str = yield Block(partial(cache_key, core.settings.base_url, core.settings.api_key, wanted))
    kept: bytes | None = yield Block(partial(core.cache.get, key))
    return key, None if kept is None else json.loads(kept)


def remember(cache: Cache | None, key: str | None, run: Mapping[str, Any]) -> Program[None]:
    if cache is not None and key is not None and run["status"] == "completed":
        yield Block(partial(cache.set, key, json.dumps(run).encode()))


def cache_key(base_url: str, api_key: str | None, wanted: Submission) -> str:
    """One key for equal inputs, files by content; never shared by servers, callers or workflows."""
    parts = [
        base_url,
        hashlib.sha256((api_key or "").encode()).hexdigest(),
        wanted.workflow_id,
        _plain(wanted.inputs),
    ]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return f"flowscale:{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: Any) -> Any:
    if isinstance(value, File):
        return {"sha256": _digest(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _files(value: Any) -> list[File]:
    if isinstance(value, File):
        return [value]
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [file for item in items for file in _files(item)]


def _digest(file: File) -> str:
    if isinstance(file.source, bytes):
        return hashlib.sha256(file.source).hexdigest()
    if isinstance(file.source, Path):
        with file.source.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    file.source.seek(0)
    digest = hashlib.sha256()
    while chunk := file.source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
