"""The end of a batch for people and programs: a manifest of every item, a report, and a sheet of its pictures."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from flowscale import AsyncFlowScaleClient, FlowScaleError
from flowscale_jobs.batches.journal import Record
from flowscale_jobs.batches.plans import Plan
from flowscale_jobs.batches.sheets import sheet
from flowscale_jobs.batches.status import Status
from flowscale_jobs.places import Place

MANIFEST, REPORT, SHEET = "manifest.jsonl", "report.md", "contact-sheet.jpg"
MOST_PICTURES = 40
MOST_FAILURES = 200


async def write(
    client: AsyncFlowScaleClient, place: Place, plan: Plan, found: Status, ended: Sequence[Record]
) -> None:
    """Writes the manifest, the report and, where there are pictures, the sheet."""
    place.write(MANIFEST, "".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in ended))
    pictures = await _pictures(client, ended)
    if pictures:
        place.write(SHEET, sheet(pictures))
    place.write(REPORT, report(plan, found, ended, pictures=bool(pictures)))


def report(plan: Plan, found: Status, ended: Iterable[Record], *, pictures: bool) -> str:
    """The report as Markdown: how it ended, what failed and why, what it took."""
    bad = [one for one in ended if one.state != "completed"]
    done = found.counts.get("completed", 0)
    lines = [
        f"# Batch {plan.name}: {found.state}\n",
        f"{done} of {found.done} items completed" + (f"; {found.reason}." if found.reason else ".") + "\n",
        "| | |\n|---|---|",
        f"| id | `{plan.id}` |",
        f"| deployment | {plan.spec.deployment} |",
        *(f"| {state.replace('_', ' ')} | {count} |" for state, count in found.counts.items()),
        f"| cost | ${found.cost:.6f} |",
        f"| time of computing | {found.seconds:.1f} s |",
        f"| from start to end | {found.at - plan.begun_at:.1f} s |",
    ]
    if bad:
        lines += ["\n## Failures by reason\n", "| reason | items |\n|---|---|"]
        lines += [f"| {_cell(why)} | {count} |" for why, count in Counter(map(_reason, bad)).most_common()]
        lines += ["\n## Items that did not complete\n", "| item | state | run | reason |\n|---|---|---|---|"]
        lines += [
            f"| {one.index} | {one.state} | {one.run_id or ''} | {_cell(_reason(one))} |"
            for one in bad[:MOST_FAILURES]
        ]
        if len(bad) > MOST_FAILURES:
            lines.append(f"\n{len(bad) - MOST_FAILURES} more are in `{MANIFEST}`.")
    if pictures:
        lines.append(f"\n## Pictures\n\n![The first pictures]({SHEET})")
    return "\n".join(lines) + "\n"


async def _pictures(client: AsyncFlowScaleClient, ended: Iterable[Record]) -> list[tuple[str, bytes]]:
    """The first pictures that the batch gave, with the numbers of their items."""
    found: list[tuple[str, bytes]] = []
    for record in ended:
        kinds = [str(one.get("content_type")) for one in record.outputs]
        if record.run_id is None or not any(kind.startswith("image/") for kind in kinds):
            continue
        if len(found) >= MOST_PICTURES:
            break
        try:
            run = await client.runs.get(record.run_id)
            first = next(one for one in run.outputs if str(one.content_type).startswith("image/"))
            found.append((str(record.index), await first.data))
        except (
            FlowScaleError,
            StopIteration,
        ):  # its outputs were deleted meanwhile: the sheet shows the rest
            continue
    return found


def _reason(record: Record) -> str:
    error = record.error or {}
    code, message = error.get("code"), str(error.get("message") or record.state)
    return f"{code}: {message}" if code else message


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")[:300]
