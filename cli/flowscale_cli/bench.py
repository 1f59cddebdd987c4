"""flowscale bench: how fast a deployment answers, and what that costs."""

from typing import Annotated, Any

import typer

from flowscale_cli.connection import client
from flowscale_cli.errors import RunFailed
from flowscale_cli.inputs import Inputs, given
from flowscale_cli.options import AsJson, Data, KeyFile, Url
from flowscale_cli.output import emit, say, table


def command(
    deployment: Annotated[
        str | None, typer.Argument(help="The deployment; not needed where there is one.")
    ] = None,
    inputs: Inputs = None,
    runs: Annotated[int, typer.Option("--runs", "-n", min=1, help="How many runs.")] = 20,
    concurrency: Annotated[int, typer.Option("--concurrency", "-c", min=1, help="How many at a time.")] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds that one run may take.")] = 600.0,
    url: Url = None,
    key_file: KeyFile = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Run a deployment many times and tell latency (submit to outputs), runs a second and cost.

    Repeated runs are answered from the cache where the deployment has one: those are counted.

    Example: flowscale bench photo-upscale -i photo=@photo.jpg --runs 50 --concurrency 4
    """
    from flowscale_cli.measuring import measure, summary

    values = given(inputs)
    with client(url, key_file, data) as found:
        measured = measure(
            lambda: found.runs.execute(values, workflow_id=deployment, timeout=timeout), runs, concurrency
        )
    told = summary(measured)
    if as_json:
        emit(told)
    else:
        table(("measure", "value"), _rows(told))
    if not told["completed"]:
        raise RunFailed(f"no run completed: {told['errors'][0]['message']}")
    for error in told["errors"]:
        say(f"{error['count']} × {error['message']}")


def _rows(told: dict[str, Any]) -> list[dict[str, str]]:
    latency = {f"latency {name}": f"{value * 1000:.1f} ms" for name, value in told["latency"].items()}
    shown = {
        "runs": f"{told['completed']} completed, {told['failed']} failed, {told['cached']} from the cache",
        **latency,
        "computing": f"{told['computing'] * 1000:.1f} ms a run",
        "throughput": f"{told['runs_per_second']:.2f} runs/s",
        "cost": f"${told['cost']:.6f} (${told['cost_per_1000']:.4f} for 1000 runs)",
    }
    return [{"measure": name, "value": value} for name, value in shown.items()]
