"""Files ahead of a run: straight into the store where the server offers that, else through the server."""

from pathlib import Path
from typing import Any

from flowscale._core.core import Core
from flowscale._core.effects import Block, Program
from flowscale._core.replies import data_of
from flowscale._core.requests import FileBody, Request
from flowscale._core.submission import rereadable
from flowscale.exceptions import FlowScaleValidationError
from flowscale.files import File, Source
from flowscale.models import Record


class FileOperations:
    """What is uploaded once and used as an input of many runs."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def upload(
        self, source: Any, *, filename: str | None = None, content_type: str | None = None
    ) -> Program[Record]:
        """Sends a file; the record's `reference` stands for it as an input.

        Args:
            source: bytes, a `pathlib.Path`, something opened in binary mode, or a `File`.
        """
        file = File.of(source)
        if file is None:
            raise FlowScaleValidationError("this isn't a file: pass bytes, a Path or an open file")
        name, kind = File(file.source, filename or file.filename, content_type or file.content_type).named(
            "upload"
        )
        body: FileBody = yield Block(lambda: measured(file.source))
        wanted = {"filename": name, "size": body.size, "content_type": kind, "direct": True}
        place = yield from self._core.post("uploads", wanted)
        request = Request(
            "PUT", place["upload_url"], headers={"Content-Type": kind}, body=body, with_key=False
        )
        reply = yield from self._core.send(request)
        if "finish_url" not in place:
            return Record(data_of(request, reply))
        headers = {"Idempotency-Key": self._core.new_key()}
        end = Request("POST", place["finish_url"], headers=headers, with_key=False)
        return Record((yield from self._core.data(end)))


def measured(source: Source) -> FileBody:
    """A source with its size; what can be read only once, as a pipe, is read: a second try needs it again."""
    if isinstance(source, Path):
        return FileBody(source, source.stat().st_size)
    if isinstance(source, bytes):
        return FileBody(source, len(source))
    if not rereadable(source):
        content = source.read()
        return FileBody(content, len(content))
    size = source.seek(0, 2)
    source.seek(0)
    return FileBody(source, size)
