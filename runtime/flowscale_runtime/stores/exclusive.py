"""One process at a time on a data folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class DataInUse(Exception):
    """Another process works on this data folder."""


@contextmanager
def exclusive(data: Path) -> Iterator[None]:
    """Holds a data folder for this process until the block ends. Raises DataInUse."""
    with (data / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataInUse(
                f"another server uses {data}: stop it, or give this one a folder of its own with --data"
            ) from error
        yield
