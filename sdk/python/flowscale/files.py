"""Files as inputs: what counts as one, and how to give it a name and a type."""

import mimetypes
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import IO, Any, Self, TypeAlias

Source: TypeAlias = bytes | Path | IO[bytes]


@dataclass(frozen=True)
class File:
    """A file input with a name and a type of its own: `File(data, "photo.png", "image/png")`.

    Bytes, a `pathlib.Path` and anything opened in binary mode are files as they are; this is for naming them.
    """

    source: Source
    filename: str | None = None
    content_type: str | None = None

    @classmethod
    def of(cls, value: Any) -> Self | None:
        """The value as a file, or None where it isn't one. A str never is: a prompt may look like a path."""
        if isinstance(value, cls):
            return value
        if isinstance(value, (bytes, bytearray, memoryview)):
            return cls(bytes(value))
        if isinstance(value, PathLike):
            return cls(Path(value))
        upload = getattr(value, "file", None) or getattr(value, "stream", None)
        if upload is not None and hasattr(value, "filename"):  # an upload as web frameworks hand it out
            return cls(upload, value.filename, getattr(value, "content_type", None))
        return cls(value) if callable(getattr(value, "read", None)) else None

    def named(self, field: str) -> tuple[str, str]:
        """File name and type for the form; a source without a name takes that of the field."""
        own = self.filename or getattr(self.source, "name", None)
        name = Path(own).name if isinstance(own, str) and own else field
        return name, self.content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
