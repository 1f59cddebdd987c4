"""flowscale simulate: recorded traffic against the scaling of a deployment, and what other numbers would bring."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flowscale_cli.errors import UsageError
from flowscale_cli.options import AsJson, Environment, Folder
from flowscale_cli.output import emit, say, table
from flowscale_cli.specs import read

if TYPE_CHECKING:
    from flowscale_controllers.rehearsal.results import Outcome
    from flowscale_specs import ResolvedDeployment, ResolvedProject

COLUMNS = (
    "change",
    "cost",
    "per 1000",
    "wait p95",
    "answer p95",
    "cold starts",
    "refused",
    "instances",
    "busy",
)


def command(
    folder: Folder = Path(),
    trace: Annotated[
        Path,
        typer.Option(
            "--trace", help="Recorded arrivals: CSV with a heading, or JSON lines.", show_default=False
        ),
    ] = Path(),
    deployment: Annotated[
        str | None, typer.Option("--deployment", help="Which deployment; not needed where there is one.")
    ] = None,
    cold_start: Annotated[
        float, typer.Option(help="Seconds from an instance's start until it takes runs.", min=0)
    ] = 45.0,
    seconds: Annotated[
        float, typer.Option(help="Seconds that a run computes, where the trace doesn't say.", min=0.001)
    ] = 10.0,
    speed: Annotated[
        list[str] | None,
        typer.Option(help="How fast a GPU type is beside the others: A100-40=2.5. Repeat it."),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", help="Draw the outcome into a .png, .svg or .pdf.")
    ] = None,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Replay a trace against the decisions that scale in a cluster, for the spec and for alternatives.

    Tells cost, waiting, answers and cold starts; each alternative changes one thing: GPU type, min or idleTimeout.

    Example: flowscale simulate examples/01-photo-upscale --trace trace.csv --chart outcome.png
    """
    if trace == Path():
        raise UsageError("give --trace FILE: arrivals as CSV or JSON lines, with their times under `at`")
    _, project = read(folder, environment)
    from flowscale_controllers.errors import TraceError
    from flowscale_controllers.rehearsal.traces import read as read_trace

    chosen = _chosen(project, deployment)
    try:
        arrivals = read_trace(trace)
    except TraceError as error:
        raise UsageError(str(error)) from error
    arrivals = [arrival for arrival in arrivals if arrival.deployment in ("", chosen.name)]
    if not arrivals:
        raise UsageError(f"{trace} holds no runs of {chosen.name}")
    outcomes = _outcomes(project, chosen, arrivals, cold_start, seconds, _speeds(speed or [], project))
    if chart is not None:
        _draw(chart, f"{chosen.name}: {len(arrivals)} runs of {trace.name}", outcomes)
    if as_json:
        emit([{"change": change, **outcome.numbers()} for change, outcome in outcomes])
    else:
        table(COLUMNS, [_row(change, outcome) for change, outcome in outcomes])


def _outcomes(
    project: "ResolvedProject",
    chosen: "ResolvedDeployment",
    arrivals: list[Any],
    cold_start: float,
    seconds: float,
    speeds: dict[str, float],
) -> "list[tuple[str, Outcome]]":
    from flowscale_controllers.rehearsal.alternatives import rehearse, variants
    from flowscale_controllers.rehearsal.simulation import Assumptions

    assumptions = Assumptions(cold_start=cold_start, seconds=seconds)
    budgets = tuple(budget for budget in project.budgets.values() if chosen.name in budget.deployments)
    return [
        (variant.change, rehearse(variant, arrivals, assumptions, budgets))
        for variant in variants(chosen, project.gpus, speeds)
    ]


def _chosen(project: "ResolvedProject", name: str | None) -> "ResolvedDeployment":
    known = project.deployments
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name is None or name not in known:
        told = f"there is no deployment {name}" if name else "there are several deployments"
        raise UsageError(
            f"{told}: choose one with --deployment: {', '.join(sorted(known)) or 'none is declared'}"
        )
    return known[name]


def _speeds(written: list[str], project: "ResolvedProject") -> dict[str, float]:
    found = {}
    for each in written:
        name, _, factor = each.partition("=")
        try:
            found[name] = float(factor)
        except ValueError:
            raise UsageError(f"--speed {each}: write it like A100-40=2.5") from None
        if name not in project.gpus or found[name] <= 0:
            raise UsageError(f"--speed {each}: a GPU type of {', '.join(project.gpus)}, and a number above 0")
    return found


def _draw(path: Path, title: str, outcomes: "list[tuple[str, Outcome]]") -> None:
    from flowscale_controllers.rehearsal.charts import draw

    if path.suffix not in {".png", ".svg", ".pdf"}:
        raise UsageError(f"--chart {path}: end it with .png, .svg or .pdf")
    draw(path, title, outcomes)
    say(f"drawn into {path}")


def _row(change: str, outcome: "Outcome") -> dict[str, Any]:
    return {
        "change": change or "(the spec)",
        "cost": f"${outcome.cost:.2f}",
        "per 1000": f"${outcome.cost_per_1000:.2f}",
        "wait p95": f"{outcome.wait_p95:.1f} s",
        "answer p95": f"{outcome.answer_p95:.1f} s",
        "cold starts": outcome.cold_starts,
        "refused": outcome.refused,
        "instances": outcome.most_instances,
        "busy": f"{outcome.busy:.0%}",
    }
