"""The in-process engine: runs graphs one at a time on our own executor."""

import gc
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import psutil

from flowscale_runtime.engines import places
from flowscale_runtime.engines.artifacts import collect
from flowscale_runtime.engines.problems import failure, refusal
from flowscale_runtime.engines.stopwatch import watched
from flowscale_runtime.engines.teller import Send, Teller
from flowscale_runtime.engines.tracer import Tracer
from flowscale_runtime.graph import cache_of
from flowscale_runtime.graph.cache import ResultCache
from flowscale_runtime.graph.executor import Executor
from flowscale_runtime.graph.failures import NodeFailure
from flowscale_runtime.graph.interrupt import Interrupt
from flowscale_runtime.graph.outcome import Outcome
from flowscale_runtime.graph.validation import Validation, validate
from flowscale_runtime.nodes import folders

Message = dict[str, Any]
KEPT = 4
"""Folders of models whose results are kept."""


class Engine:
    """Executes jobs; what was computed stays cached for the next job."""

    def __init__(self, registry: Mapping[str, type], send: Send) -> None:
        self._registry = registry
        self._executors: OrderedDict[str | None, Executor] = OrderedDict()
        self._send = send
        self.interrupt = Interrupt()

    def run(self, job: Mapping[str, Any]) -> Message:
        """Runs `job["graph"]` for the output nodes `job["targets"]`; answers with the result message.

        With `job["folders"]` nodes work in these, and what they save stays there; `job["apart"]`: they are this job's
        alone. With `job["trace"]` every node is told, and the result has a `trace`. `job["models"]` is a folder of models
        that comes before those of the host; with `job["spans"]` the result says when each node ran.
        """
        tracer = Tracer(self._send) if job.get("trace") else None
        try:
            with places.placed(job.get("folders"), job.get("models")) as own:
                return self._run(job, own.output, tracer)
        finally:
            if tracer:
                tracer.close()

    def forget(self) -> None:
        """Lets go of results and instances of earlier jobs."""
        for executor in self._executors.values():
            executor.forget(fresh_cache())
        gc.collect()
        if torch := sys.modules.get("torch"):
            torch.cuda.empty_cache()

    def check(self, question: Mapping[str, Any]) -> Message:
        """Whether a graph can run, in ComfyUI's words; any thread may ask."""
        with folders.using(places.changed(question.get("folders"))):
            found = validate(question["graph"], self._registry, question.get("targets"))
        return {
            "ok": found.ok,
            "targets": list(found.targets),
            "error": found.error,
            "node_errors": found.node_errors,
        }

    def _executor(self, models: str | None) -> Executor:
        """The executor of jobs with these models: under one name another folder may have another file."""
        if models not in self._executors:
            self._executors[models] = Executor(
                self._registry, fresh_cache(), around=without_gradients, repeat_outputs=True
            )
        self._executors.move_to_end(models)
        if len(self._executors) > KEPT:
            self._executors.popitem(last=False)
        return self._executors[models]

    def _checked(self, job: Mapping[str, Any]) -> Validation:
        """Validation of a job; a traced one was checked when it was posted."""
        targets = job["targets"] or None
        if targets and job.get("trace"):
            return Validation(True, tuple(targets))
        return validate(job["graph"], self._registry, targets)

    def _run(self, job: Mapping[str, Any], aside: Path, tracer: Tracer | None) -> Message:
        graph = job["graph"]
        checked = self._checked(job)
        if not checked.ok or checked.node_errors:
            return {
                "type": "result",
                "status": "failed",
                "seconds": 0.0,
                "error": refusal(checked.error, checked.node_errors),
            }
        started, teller = time.perf_counter(), tracer or Teller(self._send)
        with watched(teller, graph) if job.get("spans") else nullcontext() as spent:
            outcome = self._executor(job.get("models")).run(
                graph,
                targets=checked.targets,
                listener=teller,
                interrupt=self.interrupt,
                extra=job.get("extra"),
                repeat_outputs=False if job.get("folders") and not job.get("apart") else None,
            )
        result: Message = {
            "type": "result",
            "status": outcome.status,
            "seconds": time.perf_counter() - started,
            "timings": outcome.seconds,
        }
        if spent:
            result["spans"] = spent
        if outcome.status == "completed":
            here = folders.current()
            result["outputs"] = collect(
                shown(outcome, checked.targets), {"output": here.output, "temp": here.temp}
            )
            if job.get("folders"):
                places.copy_out(result["outputs"], here, aside)
        elif outcome.error:
            result["error"] = failed_by(outcome.error)
        if tracer:
            result["trace"] = traced(tracer, outcome)
        return result


def fresh_cache() -> ResultCache:
    """A cache that lets go where memory is short."""
    memory = psutil.virtual_memory
    return cache_of("ram", free_memory=lambda: memory().available, total_memory=memory().total)


def traced(tracer: Tracer, outcome: Outcome) -> Message:
    """What nodes did and showed, for a history."""
    return {
        "ui": tracer.shown,
        "cached": list(outcome.cached),
        "ran": tracer.ran,
        "expanded": {node: tracer.expanded[node] for node in tracer.shown if node in tracer.expanded},
        "failure": tracer.failed(outcome.error) if outcome.error else None,
    }


def shown(outcome: Outcome, targets: Sequence[str]) -> dict[str, dict[str, list[Any]]]:
    """What the targets show, with what the nodes that they expanded to show."""
    found: dict[str, dict[str, list[Any]]] = {}
    for node_id, ui in outcome.ui.items():
        target = outcome.shown_as.get(node_id, node_id)
        if target in targets:
            lists = found.setdefault(target, {})
            for name, items in ui.items():
                lists.setdefault(name, []).extend(items)
    return found


def without_gradients() -> AbstractContextManager[object]:
    """No node's forward pass keeps what only training needs."""
    torch = sys.modules.get("torch")
    return torch.inference_mode() if torch else nullcontext()


def failed_by(found: NodeFailure) -> Message:
    """A node's failure, as a run's error."""
    return failure(
        node_id=found.node_id,
        title=found.title,
        class_type=found.class_type,
        message=found.message,
        exception_type=found.exception_type,
        input_name=found.input,
        hint=found.hint,
    )
