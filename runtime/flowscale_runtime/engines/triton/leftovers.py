"""What servers of killed workers left in shared memory: found by its owner's mark, a file that nobody locks any more."""

import fcntl
from pathlib import Path
from typing import BinaryIO

OWNER = ".owner"


def own(folder: Path, name: str) -> BinaryIO:
    """Marks all that begins with `name` as this process's, until the file is closed or the process ends."""
    mark = (folder / f"{name}{OWNER}").open("wb")
    fcntl.flock(mark, fcntl.LOCK_EX)
    return mark


def sweep(folder: Path) -> list[str]:
    """Removes what belongs to owners that have ended; answers with their names."""
    gone = []
    for path in folder.glob(f"triton-*{OWNER}"):
        if _ended(path):
            name = path.name.removesuffix(OWNER)
            for left in folder.glob(f"{name}*"):
                left.unlink(missing_ok=True)
            gone.append(name)
    return gone


def _ended(mark: Path) -> bool:
    try:
        with mark.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held by its owner, or another user's
        return False
    return True
