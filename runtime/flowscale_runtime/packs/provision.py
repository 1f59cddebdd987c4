"""The packs of workflows: locked when a release is made, installed before it is served."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flowscale_runtime.packs import installing, locking
from flowscale_runtime.packs.values import Group, Installed, Wanted, answering


@dataclass(frozen=True, slots=True)
class Provision:
    """Packs in a folder of this machine, which processes share."""

    store: Path
    _locked: dict[tuple[Wanted, ...], tuple[Group, ...]] = field(default_factory=dict)

    def lock(self, wanted: Sequence[Wanted], base: Path, before: Iterable[Group] = ()) -> tuple[Group, ...]:
        """What is locked already where that is still wanted, else what is there now. Raises PackError.

        A pack without a commit stays where it was first found as long as this process lives.
        """
        before, key = tuple(before), tuple(wanted)
        if not key:
            return ()
        if before and answering(before, key):
            return before
        if key not in self._locked:
            self._locked[key] = locking.lock(key, self.store, base)
        return self._locked[key]

    def install(self, groups: Sequence[Group], base: Path) -> tuple[Installed, ...]:
        """The groups on this machine. Raises PackError."""
        return tuple(installing.installed(group, self.store, base) for group in groups)
