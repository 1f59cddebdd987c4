"""Small nodes, and an executor that shows what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from flowscale_runtime.graph import Executor, Interrupt, Outcome
from flowscale_runtime.graph.testing import RecordingListener, node_class

INT = ("INT", {"default": 0})


@dataclass
class Bench:
    """An executor over `classes`; `run` gives the outcome and keeps what the listener heard in `heard`."""

    classes: dict[str, type]
    cache: Any = None
    options: dict[str, Any] = field(default_factory=dict)
    heard: RecordingListener = field(default_factory=RecordingListener)
    interrupt: Interrupt = field(default_factory=Interrupt)

    def __post_init__(self) -> None:
        self.executor = Executor(self.classes, self.cache, **self.options)

    def run(self, graph: dict[str, Any], **kwargs: Any) -> Outcome:
        self.heard = kwargs.pop("listener", None) or RecordingListener()
        kwargs.setdefault("interrupt", self.interrupt)
        return self.executor.run(graph, listener=self.heard, **kwargs)

    def shown(self, graph: dict[str, Any], **kwargs: Any) -> Any:
        """What the only output node shows, of a run that must complete."""
        outcome = self.run(graph, **kwargs)
        assert outcome.error is None
        assert outcome.status == "completed"
        (ui,) = outcome.ui.values()
        return ui["value"]

    @property
    def ran(self) -> list[str]:
        return self.heard.ran


def small_nodes() -> dict[str, type]:
    return {
        "Number": node_class(lambda value: (value,), required={"value": INT}, returns=("INT",)),
        "Add": node_class(lambda a, b: (a + b,), required={"a": INT, "b": INT}, returns=("INT",)),
        "Many": node_class(
            lambda count: (list(range(count)),),
            required={"count": INT},
            returns=("INT",),
            OUTPUT_IS_LIST=(True,),
        ),
        "Show": node_class(
            lambda value: {"ui": {"value": [value]}}, required={"value": ("*",)}, OUTPUT_NODE=True
        ),
    }


@pytest.fixture
def classes() -> dict[str, type]:
    return small_nodes()


@pytest.fixture
def bench(classes: dict[str, type]) -> Bench:
    return Bench(classes)


@pytest.fixture
def make_bench() -> Any:
    """A bench with other classes beside the small ones, or another cache."""

    def make(more: dict[str, type] | None = None, cache: Any = None, **options: Any) -> Bench:
        return Bench({**small_nodes(), **(more or {})}, cache, options)

    return make
