"""The routes of the fake server: a table from method and path to what answers."""

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx

from flowscale.testing.faults import failure, success
from flowscale.testing.runs import FakeRun

if TYPE_CHECKING:
    from flowscale.testing.server import FakeServer

Handler = Callable[..., httpx.Response]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
ENDED = frozenset({"completed", "failed", "cancelled", "timed_out"})


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Puts a handler into the table; `{}` in the path is an argument."""
    pattern = re.compile("/api/v1/" + path.replace("{}", "([^/]+)"))

    def register(handler: Handler) -> Handler:
        ROUTES.append((method, pattern, handler))
        return handler

    return register


def find(method: str, path: str) -> tuple[Handler | None, tuple[str, ...]]:
    for known, pattern, handler in ROUTES:
        if known == method and (match := pattern.fullmatch(path)):
            return handler, match.groups()
    return None, ()


@route("GET", "comfy/health")
def health(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return success([{"container": "container #1", "url": server.base_url, "status": "idle"}])


@route("GET", "comfy/queue")
def queue(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    going = [run for run in server.runs.values() if run.status(server.clock.now()) == "running"]
    rows = [[run.number, run.run_id] for run in going]
    return success(
        [
            {
                "container": "container #1",
                "comfy_uri": server.base_url,
                "queue": {"queue_running": rows, "queue_pending": []},
            }
        ]
    )


@route("GET", "comfy/workflows")
def workflows(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return success({"workflows": server.workflows})


@route("GET", "openapi.json")
def openapi(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"openapi": "3.1.0", "paths": {}})


@route("POST", "runs")
def submit(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return server.submit(request)


@route("POST", "uploads")
def announce(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    url = f"{server.base_url}/api/v1/uploads/place-{len(server.uploads) + 1}"
    server.uploads[url] = _json(request)
    direct = {"finish_url": url} if server.direct else {}
    return success({"upload_url": url, "size": server.uploads[url]["size"], **direct})


@route("PUT", "uploads/{}")
def upload(server: "FakeServer", request: httpx.Request, place: str) -> httpx.Response:
    server.uploads[str(request.url)]["content"] = request.content
    return httpx.Response(200) if server.direct else finish(server, request, place)


@route("POST", "uploads/{}")
def finish(server: "FakeServer", request: httpx.Request, place: str) -> httpx.Response:
    sent = server.uploads[str(request.url)]
    if len(sent["content"]) != sent["size"]:
        return failure(422, code="VALIDATION_ERROR", message="The size is another one.")
    return success({"reference": place, "filename": sent["filename"], "size": sent["size"]})


@route("POST", "runs/batch")
def batch(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    wanted = _json(request)
    batch_id = f"batch-{len(server.runs) + 1}"
    runs = [server.start(inputs, wanted) for inputs in wanted["inputs"]]
    for run in runs:
        run.batch_id = batch_id
    return success({"batch_id": batch_id, "runs": [_shown(server, run) for run in runs]})


@route("GET", "runs/batch/{}")
def get_batch(server: "FakeServer", request: httpx.Request, batch_id: str) -> httpx.Response:
    runs = [run for run in server.runs.values() if run.batch_id == batch_id]
    return (
        success({"batch_id": batch_id, "runs": [_shown(server, run) for run in runs]}) if runs else _nothing()
    )


@route("GET", "runs")
def list_runs(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    asked = request.url.params
    page, size = int(asked.get("page", 1)), int(asked.get("page_size", 50))
    rows = [_shown(server, run) for run in server.runs.values()]
    for name in ("status", "group_id"):
        rows = [row for row in rows if name not in asked or row[name] == asked[name]]
    rows = [row for row in rows if asked.get("created_after", "") <= row["created_at"]]
    rows.sort(
        key=lambda row: str(row[asked.get("sort_by", "created_at")]), reverse=asked.get("sort_order") != "asc"
    )
    shown = rows[(page - 1) * size : page * size]
    meta = {
        "page": page,
        "page_size": size,
        "total_count": len(rows),
        "total_pages": max(1, -(-len(rows) // size)),
        "sort_by": asked.get("sort_by", "created_at"),
        "sort_order": asked.get("sort_order", "desc"),
        "group_id": asked.get("group_id"),
    }
    return success({"runs": shown, "group_id": asked.get("group_id"), "count": len(shown)}, meta=meta)


@route("GET", "runs/output")
def output(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    name = request.url.params["filename"]
    for run in server.runs.values():
        if request.url.params.get("run_id", run.run_id) == run.run_id:
            for index, made in enumerate(run.outputs):
                if name in {made.filename, run.output_names[index]}:
                    return _download(server, run, index)
    return _nothing()


@route("GET", "runs/{}")
def get_run(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    return _of_run(server, run_id, lambda run: success(_shown(server, run)))


@route("GET", "runs/{}/events")
def events(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    last = int(request.headers.get("last-event-id") or 0)
    return _of_run(server, run_id, lambda run: server.stream(run, last)) if server.events else _nothing()


@route("GET", "runs/{}/logs")
def logs(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    return _of_run(server, run_id, lambda run: success([{"node": "3", "message": f"run {run.number}"}]))


@route("GET", "runs/{}/timings")
def timings(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    return _of_run(server, run_id, lambda run: success({"3": run.duration}))


@route("POST", "runs/{}/cancel")
@route("DELETE", "runs/{}")
def cancel(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    def stop(run: FakeRun) -> httpx.Response:
        if run.status(server.clock.now()) in ENDED:
            return failure(409, code="RUN_ALREADY_FINISHED", message="The run has ended already.")
        run.cancelled = server.clock.now()
        return success("Run cancelled successfully")

    return _of_run(server, run_id, stop)


@route("POST", "runs/{}/retry")
def retry(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    return _of_run(server, run_id, lambda run: success(_shown(server, server.start(run.inputs, run.options))))


@route("POST", "runs/{}/feedback")
def feedback(server: "FakeServer", request: httpx.Request, run_id: str) -> httpx.Response:
    server.feedback.append({"run_id": run_id, **_json(request)})
    return _of_run(server, run_id, lambda run: success("Thank you"))


@route("GET", "files/{}")
def files(server: "FakeServer", request: httpx.Request, token: str) -> httpx.Response:
    number, _, index = token.partition("-")
    made = next(run for run in server.runs.values() if run.number == int(number)).outputs[int(index)]
    return httpx.Response(200, content=made.content, headers={"Content-Type": made.content_type})


@route("GET", "keys")
def list_keys(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return success([{**key, "key": None} for key in server.keys.values()])


@route("POST", "keys")
def create_key(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    key_id = f"key-{len(server.keys) + 1}"
    server.keys[key_id] = {"id": key_id, "key": f"fs_{key_id}", "scopes": [], **_json(request)}
    return success(server.keys[key_id])


@route("POST", "keys/{}/rotate")
def rotate_key(server: "FakeServer", request: httpx.Request, key_id: str) -> httpx.Response:
    if key_id not in server.keys:
        return _nothing()
    server.keys[key_id]["key"] += "_rotated"
    return success(server.keys[key_id])


@route("DELETE", "keys/{}")
def revoke_key(server: "FakeServer", request: httpx.Request, key_id: str) -> httpx.Response:
    return success("Key revoked") if server.keys.pop(key_id, None) else _nothing()


@route("GET", "deployments")
def list_deployments(server: "FakeServer", request: httpx.Request) -> httpx.Response:
    return success([{"name": item["workflow_id"], "status": "ready"} for item in server.workflows])


@route("GET", "deployments/{}")
def get_deployment(server: "FakeServer", request: httpx.Request, name: str) -> httpx.Response:
    known = name in {item["workflow_id"] for item in server.workflows}
    return success({"name": name, "status": "ready", "replicas": 1}) if known else _nothing()


def _of_run(server: "FakeServer", run_id: str, answer: Callable[[FakeRun], httpx.Response]) -> httpx.Response:
    return answer(server.runs[run_id]) if run_id in server.runs else _nothing()


def _download(server: "FakeServer", run: FakeRun, index: int) -> httpx.Response:
    status = run.status(server.clock.now())
    if status == "completed":
        url = _shown(server, run)["outputs"][index]["url"]
        return success({"download_url": url, "generation_status": "success"})
    if status == "running":
        return httpx.Response(204)
    if status == "timed_out":
        return failure(408, code="RUN_TIMED_OUT", message="The run timed out.")
    return failure(410, code="RUN_FAILED", message=f"The run has {status}.")


def _shown(server: "FakeServer", run: FakeRun) -> dict[str, Any]:
    return run.to_json(server.clock.now(), server.base_url)


def _nothing() -> httpx.Response:
    return failure(404, code="NOT_FOUND", message="There is no such thing.")


def _json(request: httpx.Request) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(request.content or b"{}")
    return value
