"""Order, conditions, loops, retries, handlers and restarts of pipelines; every action is counted."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowscale_jobs.errors import StepFailed
from flowscale_jobs.pipelines.records import Records
from flowscale_jobs.pipelines.running import Ended, Runner
from flowscale_jobs.pipelines.scopes import Scope
from flowscale_jobs.places import Place
from flowscale_specs.kinds.pipeline import PipelineSpec
from flowscale_specs.kinds.steps import Step


class Machine:
    """Does actions by the text of their input `do`: fails as often as it is told, and writes down what it did."""

    def __init__(self, failing: dict[str, int] | None = None) -> None:
        self.failing = Counter(failing or {})
        self.did: list[str] = []
        self.paused: list[float] = []

    async def __call__(self, step: Step, scope: Scope, key: str) -> Any:
        await asyncio.sleep(0)
        self.did.append(key)
        if self.failing[step.name] > 0:
            self.failing[step.name] -= 1
            raise StepFailed(f"{step.name} broke")
        return {
            "text": f"{step.name}:{scope.item if scope.index is not None else ''}",
            "number": len(self.did),
        }

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)


def spec(text: str) -> PipelineSpec:
    return PipelineSpec.model_validate(yaml.safe_load(text))


def run(machine: Machine, text: str, folder: Path, **inputs: Any) -> Ended:
    runner = Runner(spec(text), machine, Records(Place.at(folder)), machine.pause)
    return asyncio.run(runner.run(inputs))


BRANCHES = """
steps:
  - {name: look, run: d}
  - name: branch
    switch:
      - {if: inputs.kind == 'face', steps: [{name: face, run: d}]}
      - {if: inputs.kind == 'land', steps: [{name: land, run: d}]}
      - {steps: [{name: other, run: d}]}
  - {name: maybe, if: inputs.kind != 'face', run: d}
outputs: {last: "${has(steps.maybe.skipped) ? 'none' : steps.maybe.text}"}
"""


@pytest.mark.parametrize(
    ("kind", "did", "last"),
    [
        ("face", ["look", "branch.face"], "none"),
        ("land", ["look", "branch.land", "maybe"], "maybe:"),
        ("none", ["look", "branch.other", "maybe"], "maybe:"),
    ],
)
def test_the_first_case_that_holds_is_done_and_no_other(
    tmp_path: Path, kind: str, did: list[str], last: str
) -> None:
    machine = Machine()
    assert run(machine, BRANCHES, tmp_path, kind=kind) == Ended("completed", {"last": last})
    assert machine.did == did


LOOP = """
steps:
  - name: each
    forEach: {items: "${inputs.names}", parallelism: 2, steps: [{name: make, run: d, inputs: {a: "${item}"}}]}
outputs: {texts: "${steps.each.items.map(one, one.make.text)}"}
"""


def test_a_loop_keeps_the_order_of_its_items(tmp_path: Path) -> None:
    machine = Machine()
    ended = run(machine, LOOP, tmp_path, names=["a", "b", "c"])
    assert ended.outputs == {"texts": ["make:a", "make:b", "make:c"]}
    assert sorted(machine.did) == ["each[0].make", "each[1].make", "each[2].make"]


def test_what_ended_is_not_done_again_after_a_death(tmp_path: Path) -> None:
    class Died(BaseException):
        pass

    class Dying(Machine):
        async def __call__(self, step: Step, scope: Scope, key: str) -> Any:
            if scope.item == "c":
                raise Died
            return await super().__call__(step, scope, key)

    with pytest.raises((Died, BaseExceptionGroup)):
        run(Dying(), LOOP.replace("parallelism: 2", "parallelism: 1"), tmp_path, names=["a", "b", "c"])
    machine = Machine()
    ended = run(machine, LOOP, tmp_path, names=["a", "b", "c"])
    assert machine.did == ["each[2].make"]
    assert ended.outputs == {"texts": ["make:a", "make:b", "make:c"]}


def test_a_step_is_tried_again_under_another_key_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    machine = Machine({"flaky": 2})
    text = "steps: [{name: flaky, run: d, retry: {attempts: 3, delay: 1s, factor: 3}}]"
    assert run(machine, text, tmp_path).state == "completed"
    assert machine.did == ["flaky", "flaky~2", "flaky~3"]
    assert machine.paused == [1, 3]


HANDLED = """
steps:
  - {name: bad, run: d, handler: [{name: tidy, run: d}], onError: %s}
  - {name: after, run: d}
handlers:
  success: [{name: cheer, run: d}]
  failure: [{name: alarm, http: "https://example.com/${error.message}"}]
  exit: [{name: close, run: d}]
"""


@pytest.mark.parametrize(
    ("on_error", "state", "did"),
    [
        ("fail", "failed", ["bad", "bad.tidy", "alarm", "close"]),
        ("continue", "completed", ["bad", "bad.tidy", "after", "cheer", "close"]),
    ],
)
def test_handlers_run_when_a_step_fails(tmp_path: Path, on_error: str, state: str, did: list[str]) -> None:
    machine = Machine({"bad": 1})
    ended = run(machine, HANDLED % on_error, tmp_path)
    assert (ended.state, machine.did) == (state, did)
    assert ended.error == ("step bad: bad broke" if state == "failed" else None)


def test_steps_beside_each_other_wait_for_those_that_they_name(tmp_path: Path) -> None:
    machine = Machine()
    text = """
steps:
  - name: all
    parallel:
      - {name: first, run: d}
      - {name: second, after: [first], run: d, inputs: {a: "${steps.first.text}"}}
      - {name: third, run: d}
"""
    assert run(machine, text, tmp_path).state == "completed"
    assert machine.did.index("all.first") < machine.did.index("all.second")
    assert sorted(machine.did) == ["all.first", "all.second", "all.third"]


def test_a_repetition_ends_when_its_condition_holds_and_fails_when_it_never_does(tmp_path: Path) -> None:
    text = "steps: [{name: again, repeat: {until: steps.once.number >= 3, most: %d, steps: [{name: once, run: d}]}}]"
    machine = Machine()
    assert run(machine, text % 5, tmp_path / "a").state == "completed"
    assert machine.did == ["again[0].once", "again[1].once", "again[2].once"]
    ended = run(Machine(), text % 2, tmp_path / "b")
    assert ended.error == "step again: 'steps.once.number >= 3' did not hold after 2 times"


def test_the_first_failure_beside_others_is_the_one_that_is_told(tmp_path: Path) -> None:
    text = "steps: [{name: both, parallel: [{name: good, run: d}, {name: bad, run: d}]}]"
    assert run(Machine({"bad": 1}), text, tmp_path).error == "step both: step both.bad: bad broke"
