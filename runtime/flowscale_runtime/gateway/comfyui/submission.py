"""From a posted prompt to a queued run: checked by a host, stored by digest, admitted under budgets and limits."""

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Any

import orjson

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.admission import new_run_id, new_suffix, output_names, terms, translated
from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.service import DEPLOYMENT, Comfy
from flowscale_runtime.gateway.errors import BadRequest
from flowscale_runtime.stores import prompts, submission
from flowscale_runtime.stores.errors import BudgetExceeded, KeyReused, QueueFull
from flowscale_runtime.stores.values import Idempotency, NewRun, Submitted
from flowscale_workflows.interface import Interface, Output

PRIVATE = ("auth_token_comfy_org", "api_key_comfy_org")
"""Keys of `extra_data` that are secrets: nodes get them, nothing keeps or shows them."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")


class Refused(Exception):
    """A prompt that can't be queued, in ComfyUI's words: `type`, message, and errors by node."""

    def __init__(self, error: dict[str, Any], node_errors: dict[str, Any] | None = None) -> None:
        super().__init__(error["message"])
        self.body = {"error": error, "node_errors": node_errors or {}}


@dataclass(frozen=True, slots=True)
class Posted:
    """What a client posts. `targets` None: all output nodes."""

    prompt_id: str
    graph: dict[str, Any]
    client_id: str | None
    extra: dict[str, Any]
    front: bool = False
    targets: list[str] | None = None


def read(body: dict[str, Any]) -> Posted:
    """The prompt in a request's body. Raises Refused."""
    graph, extra = body.get("prompt"), body.get("extra_data")
    if "prompt" not in body:
        raise refused("no_prompt", "There is no prompt in the request.")
    if not isinstance(graph, dict):
        raise refused("no_prompt", "The prompt must be an object of nodes by id.")
    if not graph:
        raise refused("prompt_no_outputs", "The prompt has no nodes.")
    prompt_id = body.get("prompt_id")
    if prompt_id is not None and not is_id(prompt_id):
        raise refused("invalid_prompt_id", "prompt_id must be a UUID in lower case, with hyphens.")
    targets = body.get("partial_execution_targets")
    if targets is not None and not isinstance(targets, list):
        raise refused("prompt_no_outputs", "partial_execution_targets must be a list of node ids.")
    number = body.get("number")
    front = bool(body.get("front")) or (isinstance(number, int | float) and number < 0)
    client_id = body.get("client_id")
    return Posted(
        prompt_id or new_run_id(),
        graph,
        str(client_id) if client_id else None,
        dict(extra) if isinstance(extra, dict) else {},
        front,
        None if targets is None else [str(target) for target in targets],
    )


def is_id(value: Any) -> bool:
    """Whether a value is a UUID in its canonical form."""
    return isinstance(value, str) and _UUID.match(value) is not None


def refused(kind: str, message: str, **extra: Any) -> Refused:
    """A refusal of the whole prompt."""
    return Refused({"type": kind, "message": message, "details": "", "extra_info": extra})


async def check(comfy: Comfy, posted: Posted) -> dict[str, Any]:
    """What a host says of the graph. Raises Refused where nothing of it can run."""
    places = await comfy.shelf.places(posted.graph)
    question = {"graph": posted.graph, "targets": posted.targets, **places}
    found = await comfy.hosts.check(comfy.environment, question)
    if "broken" in found:
        raise refused("exception_during_validation", f"The graph can't be checked: {found['broken']}")
    if not found["ok"]:
        raise Refused(found["error"], found["node_errors"])
    return found


async def submit(
    comfy: Comfy,
    principal: Principal,
    posted: Posted,
    targets: list[str],
    *,
    labels: dict[str, str] | None = None,
    idempotency: Idempotency | None = None,
) -> Submitted:
    """Queues a checked prompt for these output nodes, once for an idempotency key. Raises Refused or an ApiError."""
    state = comfy.state
    if await state.database.read(prompts.taken, posted.prompt_id):
        raise refused("invalid_prompt_id", f"There is a prompt {posted.prompt_id} already.")
    files = (await comfy.shelf.places(posted.graph)).get("files")
    release, interface = await asyncio.to_thread(_store, comfy, posted, targets, files)
    run = _run(comfy, principal, posted, release, interface)
    run = replace(run, tags=labels, idempotency=idempotency)
    if secrets := {name: posted.extra[name] for name in PRIVATE if name in posted.extra}:
        comfy.private[run.id] = secrets
    classes = {node_id: node["class_type"] for node_id, node in posted.graph.items()}
    comfy.hub.expect(Prompt(run.id, posted.client_id, classes=classes))
    try:
        submitted = await state.database.write(submission.submit, run, state.clock())
    except (QueueFull, BudgetExceeded, KeyReused) as full:
        comfy.hub.drop(run.id)
        raise translated(full) from full
    except BaseException:
        comfy.hub.drop(run.id)
        raise
    if submitted.replayed:
        comfy.hub.drop(run.id)
    state.admission.announce([submitted])
    return submitted


def _store(comfy: Comfy, posted: Posted, targets: list[str], files: Any) -> tuple[str, Interface]:
    """The prompt as an object, as releases are; with the `files` that it names, where workers lie elsewhere."""
    outputs = tuple(Output(f"node_{target}", target, "file") for target in targets)
    interface = Interface(outputs=outputs)
    extra = {name: value for name, value in posted.extra.items() if name not in PRIVATE}
    traced = {"extra": extra} | ({"files": files} if files else {})
    bundle = {"graph": posted.graph, "interface": interface.to_json(), "traced": traced}
    try:
        data = orjson.dumps(bundle)
    except orjson.JSONEncodeError as error:
        raise BadRequest(f"The prompt can't be kept: {error}") from error
    return f"sha256:{comfy.state.objects.put(data)}", interface


def _run(comfy: Comfy, principal: Principal, posted: Posted, release: str, interface: Interface) -> NewRun:
    host, suffix = comfy.host, new_suffix()
    limits, gpu, now = host.spec.limits, host.spec.gpu, comfy.state.clock()
    own = host.name == DEPLOYMENT
    counted = host.counted(principal.key_id, principal.name)
    budgets = [budget for budget in counted if own or budget.scope != "deployment"]
    return NewRun(
        id=posted.prompt_id,
        project=host.project,
        team=host.team,
        deployment=DEPLOYMENT,
        workflow=prompts.AD_HOC,
        version="0.0.0",
        release=release,
        environment=comfy.environment.name,
        inputs=[],
        output_names=output_names(interface, suffix),
        suffix=suffix,
        timeout=limits.timeout,
        memory=limits.memory,
        # on one machine as in ComfyUI: files are numbered in the order of prompts
        concurrency=limits.concurrency if comfy.shared else 1,
        queue_limit=limits.queue,
        tries=limits.attempts,
        gpu=gpu.name,
        price=gpu.price,
        key_id=principal.key_id,
        group_id=posted.client_id,
        priority=1 if posted.front else 0,
        budgets=tuple(terms(budget, host.project, now) for budget in budgets),
    )
