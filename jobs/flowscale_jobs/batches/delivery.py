"""Putting the outputs of a batch where its author wants them, beside the runs' own."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from flowscale import AsyncRun
from flowscale_jobs.batches.items import Item, shown
from flowscale_jobs.errors import JobError
from flowscale_jobs.places import Place
from flowscale_specs.kinds.batch import Delivery as DeliverySpec

_UNSAFE = re.compile(r"[^\w.-]+")
_HOLE = re.compile(r"\{(\w[\w.-]*)\}")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A place and how files are named there."""

    place: Place
    name: str

    @classmethod
    def of(cls, spec: DeliverySpec | None, folder: str) -> Self | None:
        """The delivery that a batch asks for, if it does; relative paths start at `folder`."""
        return None if spec is None else cls(Place.at(spec.target, Path(folder)), spec.name)

    async def deliver(self, run: AsyncRun, item: Item) -> None:
        """Writes all outputs of a run. Raises PlaceError, JobError and what the client does."""
        for output in run.outputs:
            known = {
                **shown(item.inputs),
                "run_id": run.run_id,
                "output": output.filename,
                "index": item.index,
            }
            content = await output.data
            await asyncio.to_thread(self.place.write, named(self.name, known), content)


def named(template: str, known: dict[str, Any]) -> str:
    """The file name that a template makes of known values. Raises JobError for a name in braces that isn't known."""

    def fill(hole: re.Match[str]) -> str:
        if hole[1] not in known:
            raise JobError(f"outputs.name has {{{hole[1]}}}, which is none of {', '.join(sorted(known))}")
        return _UNSAFE.sub("_", str(known[hole[1]]).rpartition("/")[2])[:100]

    return _HOLE.sub(fill, template)
