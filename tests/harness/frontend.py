"""The real frontend as an oracle: its own conversion of workflows, with node definitions that a test gives it.

Classes that nobody here defines get definitions made of the templates' own widget names, so that both sides read the
same ones.
"""

import json
import mimetypes
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Request, Route

from harness.browser import booted, chromium

HOST = "http://editor.localhost/"
CONTROL = "control_after_generate"
WORDS = ("fixed", "increment", "decrement", "randomize")
TYPED = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "BOUNDING_BOX"}
"""Types whose inputs have a widget unless they say otherwise."""
ANSWERS: Mapping[str, Any] = {
    "/api/users": {"storage": "server", "migrated": True},
    "/api/settings": {"Comfy.TutorialCompleted": True, "Comfy.Workflow.ShowMissingModelsWarning": False},
    "/api/extensions": [],
    "/api/queue": {"queue_running": [], "queue_pending": []},
    "/api/jobs": {"jobs": [], "pagination": {"offset": 0, "limit": 0, "total": 0, "has_more": False}},
}
QUIET = "app.canvas.draw = () => {}; app.canvas.stopRendering?.()"
CONVERT = """async (workflow) => {
    const random = Math.random
    await app.loadGraphData(workflow, true, false, null, { showMissingNodesDialog: false, showMissingModelsDialog: false })
    Math.random = () => 0
    try { return (await app.graphToPrompt()).output } finally { Math.random = random }
}"""


def package_folder(package: str, inner: str) -> Path:
    """A folder of an installed package."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / inner


def templates() -> dict[str, dict[str, Any]]:
    """Every shipped template by name."""
    root = package_folder("comfyui_workflow_templates_json", "templates")
    found = {path.stem: json.loads(path.read_bytes()) for path in sorted(root.glob("*.json"))}
    return {name: data for name, data in found.items() if isinstance(data, dict) and "nodes" in data}


@asynccontextmanager
async def editor(definitions: Mapping[str, Any]) -> AsyncIterator[Page]:
    """The frontend with these node definitions, and nothing else of a server."""
    static = package_folder("comfyui_frontend_package", "static")
    answers = {**ANSWERS, "/api/object_info": definitions}

    async def answer(route: Route, request: Request) -> None:
        path = "/" + request.url.removeprefix(HOST).partition("?")[0]
        file = static / (path[1:] or "index.html")
        if path in answers:
            await route.fulfill(json=answers[path])
        elif request.url.startswith(HOST) and file.is_file():
            await route.fulfill(path=file, content_type=mimetypes.guess_type(file.name)[0])
        else:
            await route.fulfill(status=404, body="")

    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 200, "height": 200})
        await page.route("**/*", answer)
        await page.goto(HOST, timeout=240_000)
        await booted(page)
        await page.evaluate(QUIET)
        yield page


async def converted(page: Page, workflow: Mapping[str, Any]) -> dict[str, Any]:
    """What the frontend would send for this workflow."""
    found: dict[str, Any] = await page.evaluate(CONVERT, workflow)
    return found


def learned(workflows: Iterable[Mapping[str, Any]], known: Mapping[str, Any]) -> dict[str, Any]:
    """Definitions of the classes that are not known, from how the files use them."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for workflow in workflows:
        inner = {str(one.get("id")) for one in subgraphs_of(workflow)}
        for node in nodes_of(workflow):
            name = node["type"]
            if name not in known and name not in inner and is_class(name):
                found.setdefault(name, []).append(node)
    return {name: definition(name, nodes) for name, nodes in found.items()}


def nodes_of(workflow: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every node of a workflow, those of subgraphs too."""
    for graph in (workflow, *subgraphs_of(workflow)):
        yield from graph.get("nodes", ())


def subgraphs_of(workflow: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The definitions of subgraphs."""
    return list((workflow.get("definitions") or {}).get("subgraphs") or ())


def is_class(name: str) -> bool:
    """Whether a type is a class of a server: not one of the editor's own, and no group."""
    return name not in {"Reroute", "Note", "MarkdownNote", "PrimitiveNode"} and not name.startswith(
        "workflow"
    )


def definition(name: str, nodes: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The definition of a class: its widgets in the order in which a file names them, its sockets as any node has them."""
    slots = {slot["name"]: slot for node in nodes for slot in node.get("inputs") or () if slot.get("name")}
    widgets = {one: two for one, two in widgets_of(nodes, slots).items() if not is_control(one)}
    choices = {one for one, two in widgets.items() if two[0] == "COMFY_DYNAMICCOMBO_V3"}
    sockets = {
        one: socket(slot)
        for one, slot in slots.items()
        if one not in widgets and one.partition(".")[0] not in choices
    }
    required = sockets | widgets
    outputs = max((node.get("outputs") or [] for node in nodes), key=len)
    return {
        "input": {"required": required, "optional": {}},
        "input_order": {"required": list(required), "optional": []},
        "output": [kind(slot) for slot in outputs],
        "output_is_list": [False] * len(outputs),
        "output_name": [slot.get("name") or kind(slot) for slot in outputs],
        "name": name,
        "display_name": name,
        "description": "",
        "python_module": "nodes",
        "category": "learned",
        "output_node": False,
    }


def widgets_of(nodes: list[Mapping[str, Any]], slots: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The widgets of a class in their order; what a choice brings along is an option of that choice."""
    spoken = [names for node in nodes if (names := named(node))] or [max(map(begun, nodes), key=len)]
    spoken.sort(key=len, reverse=True)
    order: list[str] = []
    for names in spoken:
        before = -1
        for name in (one for one in names if "." not in one):
            if name not in order:
                order.insert(before + 1, name)
            before = order.index(name)
    parents = {name.partition(".")[0] for names in spoken for name in names if "." in name}
    return {
        name: dynamic(name, nodes, slots, order)
        if name in parents
        else spec(name, spoken, slots, follows(name, spoken))
        for name in order
    }


def named(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's values by name, with the choices of what happens after a run, where the file tells all of them."""
    said, values = node.get("widgets_values_named"), node.get("widgets_values")
    if isinstance(said, dict):
        return said
    if isinstance(values, dict):
        return values
    listed = values if isinstance(values, list) else []
    names = list(spread(node))
    if len(names) == len(listed) - 1 and listed[-1] == "image":
        names.append("upload")
    return dict(zip(names, listed, strict=True)) if names and len(names) == len(listed) else {}


def begun(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's first values by name, where the file has more of them than it names."""
    names = list(spread(node))
    values = node.get("widgets_values")
    return dict(zip(names, values, strict=False)) if isinstance(values, list) else {}


def spread(node: Mapping[str, Any]) -> Iterator[str]:
    """The names of a node's widgets, with the choices of what happens after a run in between."""
    values = node.get("widgets_values")
    listed = values if isinstance(values, list) else []
    place = 0
    for slot in node.get("inputs") or ():
        if slot.get("widget"):
            yield slot["widget"]["name"]
            place += 1
            if place < len(listed) and listed[place] in WORDS:
                yield f"{CONTROL} {place}"
                place += 1


def is_control(name: str) -> bool:
    """Whether a name is no input but what the editor puts behind one."""
    return name.startswith((CONTROL, "$$")) or name in {"upload", "control_filter_list", *WORDS}


def follows(name: str, spoken: list[dict[str, Any]]) -> bool:
    """Whether a choice of what happens after a run stands behind this value."""
    for names in spoken:
        listed = list(names)
        if name in listed:
            at = listed.index(name) + 1
            return at < len(listed) and (listed[at].startswith(CONTROL) or names[listed[at]] in WORDS)
    return False


def spec(name: str, spoken: list[dict[str, Any]], slots: Mapping[str, Any], controlled: bool) -> list[Any]:
    """The declaration of a widget: by its slot where a file has one, else by its value."""
    value = next((names[name] for names in spoken if name in names), None)
    slot = slots.get(name)
    given = kind(slot) if slot and slot.get("widget") else of_value(value)
    given = (
        "COMBO"
        if given.startswith("COMFY_") or "," in given or isinstance((slot or {}).get("type"), list)
        else given
    )
    options: dict[str, Any] = {CONTROL: controlled} if given in {"INT", "FLOAT", "COMBO"} else {}
    return ["COMBO", {"options": [value], **options}] if given == "COMBO" else [given, options]


def dynamic(
    name: str, nodes: list[Mapping[str, Any]], slots: Mapping[str, Any], order: list[str]
) -> list[Any]:
    """A choice whose options bring widgets and sockets of their own."""
    options: dict[Any, dict[str, Any]] = {}
    spoken = [names for node in nodes if (names := named(node))]
    for node in nodes:
        names = named(node)
        if isinstance(names.get(name), str):
            inner = options.setdefault(names[name], {})
            for slot in node.get("inputs") or ():
                short = str(slot.get("name")).removeprefix(f"{name}.")
                if short != slot.get("name") and not slot.get("widget"):
                    inner.setdefault(short, socket(slot))
            for child in names:
                short = child.removeprefix(f"{name}.")
                if short != child and short not in inner and not short.startswith(CONTROL):
                    inner[short] = spec(child, spoken, slots, follows(child, spoken))
    for key in unnamed_choices(name, nodes, order):
        options.setdefault(key, next(iter(options.values()), {}))
    listed = [{"key": key, "inputs": {"required": inner}} for key, inner in options.items()]
    return ["COMFY_DYNAMICCOMBO_V3", {"options": listed}]


def unnamed_choices(name: str, nodes: list[Mapping[str, Any]], order: list[str]) -> list[str]:
    """What is chosen in files that name no values, where the choice stands among the first."""
    at = order.index(name)
    lists = [node["widgets_values"] for node in nodes if isinstance(node.get("widgets_values"), list)]
    return [values[at] for values in lists if at < len(values) and isinstance(values[at], str)]


def socket(slot: Mapping[str, Any]) -> list[Any]:
    """The declaration of an input that is only linked."""
    name = kind(slot)
    return [name, {"forceInput": True}] if name in TYPED else [name, {}]


def of_value(value: Any) -> str:
    """The type of a widget by what it holds."""
    kinds = {bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING"}
    return kinds.get(type(value), "STRING")


def kind(slot: Mapping[str, Any]) -> str:
    """The type of a slot as text."""
    given = slot.get("type")
    return ",".join(map(str, given)) if isinstance(given, list) else str(given if given is not None else "*")
