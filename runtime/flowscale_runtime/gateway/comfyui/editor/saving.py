"""The editor's workflows in the project's repository: saving commits, and history, differences, branches come from git."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from flowscale_runtime.gateway.access import Principal
from flowscale_runtime.gateway.comfyui import users
from flowscale_runtime.gateway.comfyui.replies import LARGEST, body_of, refusal, reply
from flowscale_runtime.gateway.comfyui.service import Comfy, caller
from flowscale_runtime.gateway.errors import BadRequest, MalformedBody
from flowscale_runtime.gateway.wire import read_body
from flowscale_runtime.repository.errors import BadName, Exists, NoGit, NotThere, RepositoryError
from flowscale_runtime.repository.git import Author
from flowscale_runtime.repository.naming import FOLDER, document
from flowscale_workflows import formats
from flowscale_workflows.conversion import to_api
from flowscale_workflows.differences import diff
from flowscale_workflows.errors import WorkflowError

Handler = Callable[[Request], Awaitable[Response]]
SERVED_WITHIN = 60.0  # seconds until a deployed workflow is served, or its fault is known
_LOOK_EVERY = 0.1
_STATUS: dict[type[RepositoryError], int] = {NotThere: 404, Exists: 409, BadName: 400, NoGit: 500}


def answered(handler: Handler) -> Handler:
    """A route that says what the repository refuses."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except RepositoryError as error:
            return refusal("workflow_store", str(error), _STATUS.get(type(error), 400))

    return handle


def author(principal: Principal) -> Author:
    """Who a commit is by: the key's name."""
    name = "".join(letter for letter in principal.name if letter.isprintable() and letter not in "<>")
    return Author(name.strip() or "FlowScale")


@answered
async def listing(request: Request) -> Response:
    """The saved workflows where those are asked for; other folders are the user's own."""
    if request.query_params.get("dir", "").strip("/") != FOLDER:
        return await users.listing(request)
    comfy, _ = await caller(request)
    names = await asyncio.to_thread(comfy.workflows.names)
    shown = [f"{name}.json" for name in names]
    if users.true(request.query_params.get("full_info")):
        store = comfy.workflows
        return reply([users.facts(store.file(name), f"{name}.json") for name in names])
    split = users.true(request.query_params.get("split"))
    return reply([[name, *name.split("/")] for name in shown] if split else shown)


@answered
async def get(request: Request) -> Response:
    """A workflow."""
    comfy, _ = await caller(request)
    path = comfy.workflows.existing(request.path_params["name"])
    return FileResponse(path, media_type="application/json", headers={"Cache-Control": "no-cache"})


@answered
async def put(request: Request) -> Response:
    """Saves a workflow: a commit, with `message` where one is given."""
    comfy, principal = await caller(request, "workflows:write")
    name, query = request.path_params["name"], request.query_params
    path = comfy.workflows.file(name)
    if path.is_file() and not users.true(query.get("overwrite", "true")):
        return reply({"error": "The file exists."}, 409)
    data = readable(await read_body(request, LARGEST))
    who = author(principal)
    await asyncio.to_thread(comfy.workflows.save, name, data, query.get("message", ""), who)
    shown = f"{FOLDER}/{name}.json"
    return reply(users.facts(path, shown) if users.true(query.get("full_info")) else shown)


@answered
async def remove(request: Request) -> Response:
    """Takes a workflow out."""
    comfy, principal = await caller(request, "workflows:write")
    await asyncio.to_thread(comfy.workflows.remove, request.path_params["name"], author(principal))
    return Response(status_code=204)


@answered
async def move(request: Request) -> Response:
    """Gives a workflow another name."""
    comfy, principal = await caller(request, "workflows:write")
    name, to = request.path_params["name"], request.path_params["to"]
    overwrite = users.true(request.query_params.get("overwrite", "true"))
    await asyncio.to_thread(comfy.workflows.move, name, to, author(principal), overwrite=overwrite)
    shown = f"{FOLDER}/{to}.json"
    full = users.true(request.query_params.get("full_info"))
    return reply(users.facts(comfy.workflows.file(to), shown) if full else shown)


@answered
async def history(request: Request) -> Response:
    """The commits of a workflow."""
    comfy, _ = await caller(request)
    found = await asyncio.to_thread(comfy.workflows.history, request.path_params["name"])
    return reply([asdict(change) for change in found])


@answered
async def difference(request: Request) -> Response:
    """What changed in a workflow between two commits, or since one."""
    comfy, _ = await caller(request)
    name, query = request.path_params["name"], request.query_params
    definitions = await comfy.definitions()
    before = await asyncio.to_thread(version, comfy, name, query.get("from", "HEAD"))
    after = await asyncio.to_thread(version, comfy, name, query.get("to"))
    changes = diff(*(graph_of(data, definitions) for data in (before, after)))
    return reply({"text": changes.to_text(), "changes": changes.to_json()})


@answered
async def revert(request: Request) -> Response:
    """Makes a workflow what it was at a commit."""
    comfy, principal = await caller(request, "workflows:write")
    wanted = (await body_of(request)).get("commit")
    if not isinstance(wanted, str):
        raise BadRequest("Say which commit.", field="commit")
    name, who = request.path_params["name"], author(principal)
    return reply({"commit": await asyncio.to_thread(comfy.workflows.revert, name, wanted, who)})


@answered
async def branches(request: Request) -> Response:
    """The branches of the repository."""
    comfy, _ = await caller(request)
    current, names = await asyncio.to_thread(comfy.workflows.branches)
    return reply({"current": current, "branches": names})


@answered
async def switch(request: Request) -> Response:
    """Works on another branch; `create` makes it."""
    comfy, principal = await caller(request, "workflows:write")
    principal.require("admin")  # it changes what is served
    body = await body_of(request)
    if not isinstance(body.get("branch"), str):
        raise BadRequest("Say which branch.", field="branch")
    create = bool(body.get("create"))
    await asyncio.to_thread(comfy.workflows.switch, body["branch"], create=create)
    return await branches(request)


@answered
async def deploy(request: Request) -> Response:
    """Saves what is on the canvas, adds a deployment, and answers once it is served or can't be."""
    comfy, principal = await caller(request, "workflows:write")
    principal.require("admin")
    body = await body_of(request)
    name, workflow = body.get("name"), body.get("workflow")
    if not isinstance(name, str) or not isinstance(workflow, dict):
        raise BadRequest("Send a name and a workflow.", field="name")
    data = readable(orjson.dumps(workflow))
    before, who, store = comfy.state.served.catalog, author(principal), comfy.workflows
    saved = await asyncio.to_thread(store.save, name, data, str(body.get("message") or ""), who)
    added = await asyncio.to_thread(store.deploy, name, who)
    called = document(name)
    if problem := await served(comfy, name, before, changed=bool(saved or added)):
        return refusal("not_served", problem, 422, deployment=called, commit=added or saved)
    return reply({"deployment": called, "commit": added or saved})


async def served(comfy: Comfy, name: str, before: Any, *, changed: bool) -> str | None:
    """Waits until a deployment is served; what keeps it from being."""
    state, called = comfy.state.served, document(name)
    try:
        async with asyncio.timeout(SERVED_WITHIN):
            while changed and state.catalog is before:
                await asyncio.sleep(_LOOK_EVERY)
            while called not in state.catalog.deployments:
                if problems := [one for one in state.catalog.problems if about(one, name)]:
                    return "; ".join(problems)
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        return f"it isn't served after {SERVED_WITHIN:g} seconds: see the server's log"
    return None


def about(problem: str, name: str) -> bool:
    """Whether a problem of the catalog is one of this workflow: of its deployment, or in its files."""
    return problem.startswith(f"{document(name)}:") or f"{FOLDER}/{name}/" in problem


def version(comfy: Comfy, name: str, commit: str | None) -> bytes:
    """A workflow at a commit, or as it is."""
    store = comfy.workflows
    return store.at(name, commit) if commit else store.existing(name).read_bytes()


def graph_of(data: bytes, definitions: Any) -> Any:
    """The executable form. Raises BadRequest."""
    try:
        file = formats.read(data)
        return file.graph if file.graph is not None else to_api(file.ui or {}, definitions)
    except WorkflowError as error:
        raise BadRequest(f"The workflow can't be read: {error}") from error


def readable(data: bytes) -> bytes:
    """A workflow's JSON as it is kept: a line for each value, so that git's own tools show changes."""
    try:
        return orjson.dumps(orjson.loads(data), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The workflow is not valid JSON: {error}") from error


_ONE = "/flowscale/workflows/{name:path}"
routes = (
    Route("/userdata", listing, methods=["GET"]),
    Route("/userdata/workflows/{name:path}.json/move/workflows/{to:path}.json", move, methods=["POST"]),
    Route("/userdata/workflows/{name:path}.json", get, methods=["GET"]),
    Route("/userdata/workflows/{name:path}.json", put, methods=["POST"]),
    Route("/userdata/workflows/{name:path}.json", remove, methods=["DELETE"]),
    Route(f"{_ONE}/log", history, methods=["GET"]),
    Route(f"{_ONE}/diff", difference, methods=["GET"]),
    Route(f"{_ONE}/revert", revert, methods=["POST"]),
    Route("/flowscale/branches", branches, methods=["GET"]),
    Route("/flowscale/branches", switch, methods=["POST"]),
    Route("/flowscale/deploy", deploy, methods=["POST"]),
)
