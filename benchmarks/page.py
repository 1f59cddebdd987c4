"""docs/performance.md: the goals with what was measured, and the tables, each between its markers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from measuring import Measured, Report, machine
from servers import HERE

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = HERE.parent / "docs" / "performance.md"


@dataclass(frozen=True)
class Goal:
    """What is aimed at: at most (or at least) so much."""

    key: str
    what: str
    limit: float
    unit: str
    least: bool = False

    @property
    def text(self) -> str:
        return f"{'at least' if self.least else 'under'} {self.limit:g} {self.unit}"

    def met(self, value: float) -> bool:
        return value >= self.limit if self.least else value < self.limit


GOALS = (
    Goal("submit", "submit to answer of a workflow that does nothing, over HTTP (`wait`), median", 5, "ms"),
    Goal("cpu", "CPU time of the gateway for one submitted run", 1, "ms"),
    Goal("rate", "submissions, none lost", 500, "a second", least=True),
    Goal("memory", "memory of the server over many runs, last over first", 1.1, "x"),
    Goal("ready", "`flowscale serve` to `/readyz`", 1, "s"),
    Goal("torch run", "`flowscale serve` to the end of the first torch run", 3, "s"),
    Goal("cached", "a repeated run from the cache, median", 10, "ms"),
    Goal("compile", "1,000 deployments compiled to Kubernetes objects", 3, "s"),
    Goal(
        "preview",
        "`flowscale preview` without changes, over a bare Pulumi program of the same objects",
        1.3,
        "x",
    ),
    Goal("engines", "a run of 50 small nodes in Triton, over one in our own processes", 1.2, "x"),
    Goal("batching", "passes of a network that 8 runs share, batching on over off", 2.5, "x", least=True),
    Goal("specs", "10,000 spec documents loaded and resolved", 10, "s"),
)
HEAD = ("| what | goal | measured | beside it |", "|---|---|---|---|")


def written(text: str, reports: Mapping[str, Report]) -> str:
    """The page with what these benchmarks found; what others found stays."""
    answers = {key: value for report in reports.values() for key, value in report.measured.items()}
    text = between(text, "goals", goals(answers, held(text, "goals")))
    text = between(text, "machine", "\n".join(machine()))
    for name, report in reports.items():
        text = between(text, name, report.markdown())
    return text


def goals(answers: Mapping[str, Measured], before: str) -> str:
    """The table of goals; a line for which there is no new answer is kept."""
    kept = {line.split(" | ")[0]: line for line in before.splitlines()}
    lines = [
        line(goal, answers[goal.key])
        if goal.key in answers
        else kept.get(f"| {goal.what}", f"| {goal.what} | {goal.text} | not yet | |")
        for goal in GOALS
    ]
    return "\n".join([*HEAD, *lines])


def line(goal: Goal, found: Measured) -> str:
    """One goal, answered."""
    value = f"{found.value:,.0f}" if found.value >= 100 else f"{found.value:.2f}"
    verdict = "" if goal.met(found.value) else ", missed"
    conditions = f" ({found.conditions})" if found.conditions else ""
    return f"| {goal.what} | {goal.text} | {value} {goal.unit}{conditions}{verdict} | {found.beside} |"


def held(text: str, name: str) -> str:
    """What stands between two markers."""
    found = _marked(name).search(text)
    if found is None:
        raise SystemExit(f"{PAGE} has no markers for {name!r}")
    return found[2]


def between(text: str, name: str, content: str) -> str:
    """The text with other content between two markers."""
    held(text, name)
    return _marked(name).sub(lambda found: f"{found[1]}\n{content}\n{found[3]}", text)


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- begin {name} -->)\n(.*?)\n?(<!-- end {name} -->)", re.DOTALL)
