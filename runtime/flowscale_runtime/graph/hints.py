"""What to do about common failures of nodes."""

from __future__ import annotations

import re
from typing import NamedTuple


class Hint(NamedTuple):
    """Advice for errors whose class names match `kind` and whose text matches `text`."""

    kind: str
    text: str
    advice: str

    def fits(self, names: str, message: str) -> bool:
        """Whether both patterns are found."""
        return bool(re.search(self.kind, names) and re.search(self.text, message))


MEMORY = "lower the size or the batch, or run on a device with more memory"
EMPTY = "an input is empty: connect it"
KIND = "check that the right kind of output is connected"
SIZE = "connect inputs of matching size, or resize them first"
NUMBERS = "make the inputs of one number type: the model and the data differ"
UNTAKEN = "the graph gives an input that the node doesn't take: update the node pack or the graph"

HINTS = (
    Hint("OutOfMemory|MemoryError", "", MEMORY),
    Hint("", "out of memory|can't allocate memory|DefaultCPUAllocator", MEMORY),
    Hint("FileNotFound|NotADirectory", "", "check that the file exists where this machine looks for it"),
    Hint("IsADirectory", "", "give a file, not a folder"),
    Hint("PermissionError", "", "give the process the right to this file, or choose another place"),
    Hint("ImportError", "", "install the Python package that the node needs"),
    Hint("RecursionError", "", "the node calls itself too deeply: look for a loop in its input"),
    Hint("Timeout", "", "try again, or raise the time limit"),
    Hint("ConnectionError|ConnectError", "", "check that the service is up and reachable from here"),
    Hint("UnidentifiedImage|DecompressionBomb", "", "give an image in a common format and of sane size"),
    Hint("", "device-side assert|CUDA error|cuDNN error", "restart the worker: the device is in a bad state"),
    Hint("", "(?i)expected all tensors to be on the same device", "move the inputs to one device"),
    Hint("TypeError", "unexpected keyword argument", UNTAKEN),
    Hint("TypeError", r"missing \d+ required", "connect the missing input"),
    Hint("TypeError|AttributeError", "NoneType", EMPTY),
    Hint("AttributeError", "has no attribute", KIND),
    Hint("TypeError", "unsupported operand|not supported between", "check the types of the inputs"),
    Hint("", "expected scalar type|dtype|Input type .* and weight type", NUMBERS),
    Hint("", "mat1 and mat2|shape|[Ss]izes? (of|mismatch)|broadcast|channels, but got", SIZE),
    Hint("KeyError", "", KIND),
)
"""The first that fits is given."""


def hint_for(error: BaseException) -> str | None:
    """The advice for an error, or None when there is none worth giving."""
    names = " ".join(base.__name__ for base in type(error).__mro__)
    return next((hint.advice for hint in HINTS if hint.fits(names, str(error))), None)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the node ran out of memory, on whatever device."""
    return hint_for(error) is MEMORY
