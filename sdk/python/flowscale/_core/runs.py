"""The calls about runs, as programs; `flowscale._client` makes of each a method to call and one to await."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeAlias, TypeVar

from flowscale._core import caching
from flowscale._core import inputs as forms
from flowscale._core.core import Core, logger
from flowscale._core.effects import Program
from flowscale._core.replies import data_of, envelope_of
from flowscale._core.requests import Request, query
from flowscale._core.submission import Submission, submission, submit
from flowscale._core.waiting import OnProgress, Waiting, run_of, run_path
from flowscale.models import FINISHED, BaseRun, Page, Record, RunId

R = TypeVar("R", bound=BaseRun[Any])
Results: TypeAlias = list[R]
QUICK_RUN = 10
"""Seconds that the server is asked to hold its answer for: a quick run is then done in one round trip."""


class RunOperations(Generic[R]):
    """Everything under `client.runs`; `R` is the kind of run object that the client hands out."""

    def __init__(self, core: Core, make_run: Callable[[Mapping[str, Any]], R]) -> None:
        self._core = core
        self._make_run = make_run

    def execute(
        self,
        given: Mapping[str, Any] | None = None,
        /,
        *,
        workflow_id: str | None = None,
        group_id: str | None = None,
        webhook: str | None = None,
        tags: Sequence[str] | None = None,
        priority: int | None = None,
        ttl: float | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        **inputs: Any,
    ) -> Program[R]:
        """Run the workflow and wait for its result.

        Keywords that are not options are inputs. An input that is called like an option goes into the
        mapping: `execute({"priority": "high"}, priority=5)`. Names in the mapping are always inputs.

        timeout: seconds to wait for the end; None waits for as long as the server lets the run live.
        on_progress: called with a `Progress` at each step.
        webhook: a URL that is told the end. ttl: seconds after which a run that has not started is dropped.
        idempotency_key: the same key never starts a second run; by default each call has its own.

        Raises FlowScaleRunFailedError, FlowScaleRunCancelledError or FlowScaleTimeoutError for a run that
        ends so.
        """
        wanted = submission(
            self._core,
            given,
            inputs,
            idempotency_key,
            workflow_id=workflow_id,
            group_id=group_id,
            webhook=webhook,
            tags=tags,
            priority=priority,
            ttl=ttl,
        )
        key, kept = yield from caching.recall(self._core, wanted)
        run = kept or (yield from self._run_to_end(wanted, timeout, on_progress))
        if kept is None:
            yield from caching.remember(self._core.cache, key, run)
        return self._make_run(run).raise_for_status()

    def execute_async(
        self,
        given: Mapping[str, Any] | None = None,
        /,
        *,
        workflow_id: str | None = None,
        group_id: str | None = None,
        webhook: str | None = None,
        tags: Sequence[str] | None = None,
        priority: int | None = None,
        ttl: float | None = None,
        idempotency_key: str | None = None,
        **inputs: Any,
    ) -> Program[RunId]:
        """Submit a run and return its id at once; inputs and options as for `execute`."""
        wanted = submission(
            self._core,
            given,
            inputs,
            idempotency_key,
            workflow_id=workflow_id,
            group_id=group_id,
            webhook=webhook,
            tags=tags,
            priority=priority,
            ttl=ttl,
        )
        run = yield from submit(self._core, wanted)
        return RunId(run["run_id"])

    def wait_for_completion(
        self,
        run_id: str,
        *,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        poll_interval: float | None = None,
    ) -> Program[R]:
        """The result of a submitted run; raises as `execute` does.

        poll_interval: seconds between questions, for a network that does not let events through.
        """
        run = yield from self._wait(run_id, timeout, on_progress, poll_interval)
        return self._make_run(run).raise_for_status()

    def execute_batch(
        self,
        batch: Iterable[Mapping[str, Any]],
        *,
        batch_size: int | None = None,
        workflow_id: str | None = None,
        group_id: str | None = None,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Program[Results[R]]:
        """Run the workflow once for each mapping of inputs and wait for all; results keep their order.

        A run that fails does not hide the others: ask each for `.ok`, or let `.raise_for_status()` raise.
        batch_size: how many runs the server may have going at once.
        """
        deadline = self._core.deadline(timeout)
        ids = yield from self._submit_batch(
            list(batch), batch_size=batch_size, workflow_id=workflow_id, group_id=group_id
        )
        results = []
        for run_id in ids:
            waiting = Waiting(self._core, run_id, timeout, deadline, on_progress)
            results.append(self._make_run((yield from waiting.finished())))
        return results

    def get(self, run_id: str) -> Program[R]:
        """The run as it is now."""
        return self._make_run(run_of((yield from self._core.get(run_path(run_id)))))

    def get_status(self, run_id: str) -> Program[str]:
        """queued, running, completed, failed, cancelled or timed_out."""
        return (yield from self.get(run_id)).status

    def get_outputs(self, run_id: str) -> Program[tuple[Any, ...]]:
        """The outputs that there are so far; raises for a run that failed, was cancelled or timed out."""
        return (yield from self.get(run_id)).raise_for_status().outputs

    def get_output(self, filename: str, *, run_id: str | None = None) -> Program[Record | None]:
        """Where one output can be downloaded (`download_url`), by its name; None while it is not ready."""
        request = Request("GET", "runs/output", query(filename=filename, run_id=run_id))
        reply = yield from self._core.send(request)
        return None if reply.status == 204 else Record(data_of(request, reply))

    def list(
        self,
        *,
        page: int = 1,
        page_size: int = 50,
        status: str | None = None,
        group_id: str | None = None,
        created_after: str | datetime | None = None,
        created_before: str | datetime | None = None,
        sort_by: str | None = None,
        sort_order: str | None = None,
    ) -> Program[Page[R]]:
        """One page of runs; `iterate` goes through all pages.

        sort_by: created_at, started_at or completed_at. sort_order: asc or desc. page_size: 1 to 100.
        """
        request = Request(
            "GET",
            "runs",
            query(
                page=page,
                page_size=page_size,
                status=status,
                group_id=group_id or self._core.settings.group_id,
                created_after=created_after,
                created_before=created_before,
                sort_by=sort_by,
                sort_order=sort_order,
            ),
        )
        envelope = envelope_of(request, (yield from self._core.send(request)))
        runs = [self._make_run(run) for run in envelope["data"]["runs"]]
        return Page(runs, envelope.get("meta") or {"page": page, "page_size": page_size})

    def cancel(self, run_id: str) -> Program[str]:
        """Stop a run; the server's message. Raises FlowScaleConflictError for a run that has ended."""
        return str((yield from self._core.post(run_path(run_id, "cancel"))))

    def retry(self, run_id: str) -> Program[RunId]:
        """Submit the same request again as a new run; its id."""
        return RunId(run_of((yield from self._core.post(run_path(run_id, "retry"))))["run_id"])

    def logs(self, run_id: str) -> Program[Any]:
        """What the nodes of a run logged."""
        return (yield from self._core.get(run_path(run_id, "logs")))

    def timings(self, run_id: str) -> Program[Any]:
        """Seconds by node."""
        return (yield from self._core.get(run_path(run_id, "timings")))

    def feedback(self, run_id: str, score: float, comment: str | None = None) -> Program[Any]:
        """Tell how good a result was; quality analysis uses it."""
        said = {"score": score} if comment is None else {"score": score, "comment": comment}
        return (yield from self._core.post(run_path(run_id, "feedback"), said))

    def get_batch(self, batch_id: str) -> Program[Record]:
        """The state of a batch as a whole."""
        return Record((yield from self._core.get(run_path(batch_id).replace("runs/", "runs/batch/", 1))))

    def _run_to_end(
        self, wanted: Submission, timeout: float | None, on_progress: OnProgress | None
    ) -> Program[dict[str, Any]]:
        deadline = self._core.deadline(timeout)
        longest = min(QUICK_RUN, self._core.settings.timeout / 2, timeout or QUICK_RUN)
        run = yield from submit(
            self._core, wanted, wait=0 if on_progress else int(longest), deadline=deadline
        )
        logger.info("run %s submitted", run["run_id"])
        if run.get("status") not in FINISHED or "outputs" not in run:
            run = yield from Waiting(self._core, run["run_id"], timeout, deadline, on_progress).finished()
        logger.info("run %s %s", run["run_id"], run["status"])
        return run

    def _wait(
        self, run_id: str, timeout: float | None, on_progress: OnProgress | None, interval: float | None
    ) -> Program[dict[str, Any]]:
        deadline = self._core.deadline(timeout)
        waiting = Waiting(self._core, run_id, timeout, deadline, on_progress, interval)
        return (yield from waiting.finished())

    def _submit_batch(self, batch: Sequence[Mapping[str, Any]], **options: Any) -> Program[Sequence[str]]:
        """One request for the whole batch; a batch with files goes run by run, because JSON holds none."""
        core, size = self._core, options.pop("batch_size")
        if any(forms.has_files(forms.merge(inputs, {})) for inputs in batch):
            ids = []
            for inputs in batch:
                run = yield from submit(core, submission(core, inputs, {}, None, **options))
                ids.append(run["run_id"])
            return ids
        wanted = {
            "inputs": [forms.merge(inputs, {}) for inputs in batch],
            "batch_size": size or max(1, len(batch)),
            "workflow_id": options["workflow_id"] or core.settings.workflow_id,
            "group_id": options["group_id"] or core.settings.group_id,
        }
        present = {name: value for name, value in wanted.items() if value is not None}
        data = yield from core.post("runs/batch", present)
        return [run_of(run)["run_id"] for run in data["runs"]]
