"""What can be wrong with a file as YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from flowscale_specs.reading.places import Spot


class Fault(NamedTuple):
    """Something wrong in a file, with the steps to it."""

    spot: Spot
    steps: tuple[str | int, ...]
    message: str
    hint: str = ""


class Refused(Exception):
    """The file can't be read on from here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault
