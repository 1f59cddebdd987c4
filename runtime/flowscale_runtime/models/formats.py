"""What a file of weights is, by its bytes: safetensors, something else, or a pickle, which runs code when it is loaded."""

import zipfile
from pathlib import Path

from flowscale_runtime.models.errors import ModelDamaged, PickleRefused

SUFFIXES = (".ckpt", ".pt", ".pth", ".pkl")
"""Endings of files that are pickles, known before a byte of them has come."""
LARGEST_HEADER = 100 << 20


def check_name(name: str, *, allowed: bool) -> None:
    """Raises PickleRefused for a file whose ending says what it is."""
    if not allowed and name.lower().endswith(SUFFIXES):
        raise _refused(name)


def check_content(name: str, path: Path, *, allowed: bool) -> None:
    """Raises PickleRefused, and ModelDamaged for safetensors that are none. `name` is what the graph calls it."""
    if name.lower().endswith((".safetensors", ".sft")):
        _check_safetensors(name, path)
    elif not allowed and is_pickle(path):
        raise _refused(name)


def is_pickle(path: Path) -> bool:
    """Whether loading a file as torch does would unpickle it."""
    with path.open("rb") as file:
        first = file.read(2)
    if first[:1] == b"\x80":
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    scripted = any(name.endswith("constants.pkl") for name in names)
    return not scripted and any(name.endswith(".pkl") for name in names)


def _check_safetensors(name: str, path: Path) -> None:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        start = file.read(1)
    if start != b"{" or not 2 <= length <= min(LARGEST_HEADER, path.stat().st_size - 8):
        raise ModelDamaged(
            f"{name} has no header of safetensors: it is another format, or only a part of the file"
        )


def _refused(name: str) -> PickleRefused:
    return PickleRefused(
        f"{name} is a pickle: loading it can run whatever its author put there. Convert it to safetensors, or declare "
        "`pickle: true` with the model if you trust its author"
    )
