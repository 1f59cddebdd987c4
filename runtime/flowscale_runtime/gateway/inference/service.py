"""What the protocol's calls do, over HTTP and over gRPC alike. A call's caller is read from its headers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import version as installed
from typing import Any

from starlette.requests import Request

from flowscale_runtime.engines.networks.errors import NetworkError
from flowscale_runtime.engines.networks.values import Network, Port, Tensor
from flowscale_runtime.gateway import errors, runs
from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.admission import Wish, new_run_id
from flowscale_runtime.gateway.catalog import Deployment, Version
from flowscale_runtime.gateway.inference import tensors, workflows
from flowscale_runtime.gateway.inference.messages import Answer, Question
from flowscale_runtime.gateway.inference.ports import Networks
from flowscale_runtime.gateway.state import State, context_of
from flowscale_runtime.gateway.wire import read_options
from flowscale_runtime.stores import outcomes, queries
from flowscale_runtime.stores.errors import AlreadyFinished
from flowscale_runtime.stores.values import SECOND, TERMINAL

EXTENSIONS = ("binary_tensor_data", "model_repository")
LONGEST = 3600.0  # seconds that a call waits for its run
_OPTIONS = ("group_id", "webhook", "tags", "priority", "ttl")


def server() -> dict[str, Any]:
    """What serves."""
    return {"name": "flowscale", "version": installed("flowscale-platform"), "extensions": list(EXTENSIONS)}


async def index(state: State, request: Request) -> list[dict[str, str]]:
    """Everything that the caller may use, by name and version."""
    principal = await _reader(state, request)
    catalog = state.served.catalog
    entries = [(name, one.version) for name, found in catalog.deployments.items() for one in found.versions]
    entries += [(network.name, network.version) for network in catalog.networks]
    return [
        {"name": name, "version": version, "state": "READY", "reason": ""}
        for name, version in entries
        if principal.deployments is None or name in principal.deployments
    ]


async def metadata(state: State, request: Request, name: str, version: str) -> dict[str, Any]:
    """The versions of a model, and its tensors. Raises NotFound."""
    found = _find(state, await _reader(state, request), name)
    if isinstance(found, Network):
        head = [-1] if found.batch else []
        ports = [[_port(port, head) for port in ports] for ports in (found.inputs, found.outputs)]
        return _described(name, [found.version], found.format, *ports)
    interface = _version(found, version).interface
    given, gives = workflows.inputs(interface), workflows.outputs(interface)
    versions = [one.version for one in found.versions]
    return _described(
        name, versions, "flowscale_workflow", *([_port(port) for port in p] for p in (given, gives))
    )


async def ready(state: State, request: Request, name: str, version: str) -> None:
    """Returns where a model takes requests; a network is loaded first. Raises NotFound, NotReady."""
    found = _find(state, await _reader(state, request), name)
    if isinstance(found, Deployment):
        _version(found, version)
        return
    try:
        await _networks(state).ready(found)
    except NetworkError as error:
        raise errors.NotReady(str(error), retry_after=5) from error


async def infer(state: State, request: Request, name: str, version: str, question: Question) -> Answer:
    """Has a model compute: a run of a deployment, or one pass of a network. Raises an ApiError."""
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("runs:execute")
    found = _find(state, principal, name)
    if isinstance(found, Deployment):
        deployment = await runs.admitted(state, request, principal, name)
        return await _run(state, request, principal, (deployment, version), question)
    await state.gate.check_key_rate(principal, name)
    return await _pass(state, found, question)


def limit(state: State, name: str) -> int:
    """How many bytes a request to a model may have."""
    deployments = state.served.catalog.deployments
    if name in deployments:
        return deployments[name].spec.limits.body
    return max((one.spec.limits.body for one in deployments.values()), default=64 << 20)


async def _reader(state: State, request: Request) -> Principal:
    if not state.served.ready:
        raise errors.NotReady("The specs are being loaded.", retry_after=1)
    principal = await state.gate.principal(request, state.served.catalog)
    principal.require("workflows:read")
    return principal


def _find(state: State, principal: Principal, name: str) -> Deployment | Network:
    """A deployment, else a network, of this name. Raises NotFound."""
    principal.check_deployment(name)
    catalog = state.served.catalog
    if (deployment := catalog.deployments.get(name)) and deployment.project == principal.project:
        return deployment
    for network in catalog.networks:
        if network.name == name and catalog.project == principal.project:
            return network
    raise errors.NotFound(f"There is no model {name!r}.", model=name)


def _version(deployment: Deployment, version: str) -> Version:
    return deployment.named(version) if version else deployment.versions[0]


async def _run(
    state: State, request: Request, principal: Principal, target: tuple[Deployment, str], question: Question
) -> Answer:
    deployment, version = target
    interface = _version(deployment, version).interface
    wanted = workflows.chosen(interface, question)
    inputs = await asyncio.to_thread(workflows.values, interface, question)
    options = read_options(
        {name: question.parameters[name] for name in _OPTIONS if name in question.parameters}
    )
    fresh = "no-cache" in request.headers.get("cache-control", "")
    key = runs.idempotency_key(request)
    wish = Wish(
        principal,
        deployment,
        inputs,
        options,
        key,
        fresh=fresh,
        version=version or None,
        traceparent=context_of(request),
    )
    run_id = await _ended(state, wish, _patience(question))
    row, found = await state.database.read(queries.whole, principal.project, run_id)
    if row.state != "completed":
        raise runs.never(row)
    outputs = []
    for output, asked in wanted:
        names = [one.object for one in found if one.node_id == output.node_id]
        files = [await asyncio.to_thread(state.objects.get, name) for name in names]
        outputs.append(await asyncio.to_thread(workflows.answered, asked, files))
    facts = {"run_id": row.id, "execution_time": row.seconds, "cached": bool(row.cached)}
    return Answer(deployment.name, row.version, tuple(outputs), question.id, facts)


async def _ended(state: State, wish: Wish, patience: float) -> str:
    """Admits a run and returns its id once it has ended. A caller that leaves before cancels it."""
    run_id = new_run_id()
    with state.bus.follow(run_id) as follower:
        submitted = await state.admission.admit(wish, run_id)
        if submitted.state in TERMINAL:
            return submitted.run_id
        if submitted.replayed:
            raise errors.Conflict("The run of this idempotency key has not ended.", run_id=submitted.run_id)
        try:
            await runs.ended(follower, patience)
        except asyncio.CancelledError:
            await asyncio.shield(_cancel(state, wish.principal.project, run_id))
            raise
    row = await state.database.read(queries.run, wish.principal.project, run_id)
    if row.state not in TERMINAL:
        raise errors.RunTimedOut(
            f"The run {run_id} takes longer than the {patience:g} seconds that were waited; it goes on.",
            run_id=run_id,
        )
    return run_id


async def _cancel(state: State, project: str, run_id: str) -> None:
    try:
        change, _ = await state.database.write(outcomes.cancel, project, run_id, state.clock())
    except AlreadyFinished:
        return
    state.bus.publish(change.events)
    state.wake()


def _patience(question: Question) -> float:
    """Seconds to wait for a run: the parameter `timeout` has microseconds."""
    given = question.parameters.get("timeout")
    return min(given / SECOND, LONGEST) if isinstance(given, int | float) and given > 0 else LONGEST


async def _pass(state: State, network: Network, question: Question) -> Answer:
    started = time.perf_counter()
    try:
        found = await _networks(state).infer(network, _ordered(network, question))
    except NetworkError as error:
        state.metrics.passed(network.name, "failed", time.perf_counter() - started)
        raise errors.InvalidInputs(str(error), model=network.name) from error
    state.metrics.passed(network.name, "completed", time.perf_counter() - started)
    if question.outputs:
        asked = {one.name for one in question.outputs}
        if missing := asked - {tensor.name for tensor in found}:
            raise errors.InvalidInputs(f"There is no output {min(missing)!r}.", field=min(missing))
        found = [tensor for tensor in found if tensor.name in asked]
    return Answer(network.name, network.version, tuple(found), question.id)


def _ordered(network: Network, question: Question) -> list[Tensor]:
    """The inputs of a network as it declares them. Raises InvalidInputs."""
    given = {tensor.name: tensor for tensor in question.inputs}
    declared = {port.name: port for port in network.inputs}
    for name in [*given, *declared]:
        if name not in declared or name not in given:
            raise errors.InvalidInputs(
                f"{network.name} takes {', '.join(declared)}; check {name!r}.", field=name
            )
    for name, tensor in given.items():
        if tensor.type != declared[name].type:
            raise tensors.refused(name, "invalid_type", f"is {declared[name].type}, not {tensor.type}")
        tensors.checked(tensor, _count(tensor))
    return [given[port.name] for port in network.inputs]


def _count(tensor: Tensor) -> int:
    return len(tensor.raw) // tensors.size(tensor)


def _networks(state: State) -> Networks:
    if state.networks is None:
        raise errors.NotReady("This gateway computes no networks: ask the one of `flowscale serve`.")
    return state.networks


def _described(
    name: str, versions: list[str], platform: str, given: list[Any], gives: list[Any]
) -> dict[str, Any]:
    return {"name": name, "versions": versions, "platform": platform, "inputs": given, "outputs": gives}


def _port(port: Port, head: Sequence[int] = ()) -> Mapping[str, Any]:
    return {"name": port.name, "datatype": port.type, "shape": [*head, *port.shape]}
