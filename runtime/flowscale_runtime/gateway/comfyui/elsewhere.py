"""Where prompts are computed on other machines: asking their workers, and hearing of what other gateways took."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Any

import orjson
import uuid_utils

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.comfyui import archive
from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.service import DEPLOYMENT, Comfy
from flowscale_runtime.gateway.errors import NotReady
from flowscale_runtime.gateway.folder import Description
from flowscale_runtime.gateway.state import State
from flowscale_runtime.stores import events, forgetting, nodes, prompts
from flowscale_runtime.stores.errors import NotFound, Unavailable
from flowscale_runtime.stores.values import TERMINAL, Event

log = logging.getLogger(__name__)
LONGEST = 40.0  # seconds that a worker gets to check a graph
LOOK_EVERY = 10.0  # seconds between two looks for events that didn't come
NOBODY = (
    f"No worker of the deployment {DEPLOYMENT!r} is there: start one (flowscale worker --deployment {DEPLOYMENT}), or "
    "keep one running (scaling: {min: 1})."
)


@dataclass(slots=True)
class Workers:
    """The workers of the deployment, as one host of nodes."""

    state: State
    _known: dict[str, Description] = field(default_factory=dict)

    async def check(self, environment: Environment, question: dict[str, Any]) -> dict[str, Any]:
        """Whether a graph can run, says the first worker that answers. Raises NotReady."""
        state = self.state
        told = await state.database.read(nodes.told, DEPLOYMENT, state.clock())
        if told is None or not told.fresh:
            raise NotReady(NOBODY, retry_after=5)
        asked = await asyncio.to_thread(state.objects.put, orjson.dumps(question))
        await state.database.write(forgetting.condemn, [asked], state.clock())
        answer = await self._ask({"deployment": DEPLOYMENT, "object": asked})
        if "text" not in answer:
            answer = {"text": await asyncio.to_thread(state.objects.get, answer["object"])}
        found: dict[str, Any] = orjson.loads(answer["text"])
        return found

    def forget(self) -> None:
        """Every worker gives back memory once it is idle."""
        self.state.bus.say(Event("", 0, "forget", {"deployment": DEPLOYMENT}))

    async def describe(self, environment: Environment) -> Description:
        """The nodes of the workers, as they told them last. Raises NotReady."""
        told = await self.state.database.read(nodes.told, DEPLOYMENT, self.state.clock())
        if told is None:
            raise NotReady(NOBODY, retry_after=5)
        if told.object not in self._known:
            found = orjson.loads(await asyncio.to_thread(self.state.objects.get, told.object))
            self._known.clear()
            self._known[told.object] = Description(found["definitions"], found["packs"])
        return self._known[told.object]

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        number = str(uuid_utils.uuid7())
        with self.state.bus.follow(number) as follower:
            self.state.bus.say(Event(number, 0, "ask", question))
            try:
                async with asyncio.timeout(LONGEST):
                    while True:
                        for event in await follower.next():
                            if event.type == "answer":
                                return event.data
            except TimeoutError as error:
                raise NotReady(f"No worker answered within {LONGEST:g} seconds.", retry_after=5) from error


async def learn(comfy: Comfy, event: Event) -> Prompt | None:
    """The prompt that was queued at another gateway, if that is what an event tells."""
    if event.type != "queued" or event.data.get("deployment") != DEPLOYMENT:
        return None
    given = comfy.project, DEPLOYMENT, event.run_id
    try:
        row = await comfy.state.database.read(prompts.named, *given)
        if row is None:
            return None
        graph = (await archive.bundles(comfy, [row]))[row.release]["graph"]
    except (Unavailable, NotFound) as error:  # it is heard of at the next look
        log.warning("a prompt of another gateway: %s", error)
        return None
    classes = {node_id: node["class_type"] for node_id, node in graph.items()}
    return Prompt(row.id, row.group_id, classes=classes)


async def look_again(comfy: Comfy) -> None:
    """Has the hub know which prompts run or wait, and tells ends that it wasn't told; until cancelled."""
    while True:
        try:
            await _look(comfy)
        except Unavailable as error:
            log.warning("prompts of other gateways: %s", error)
        await asyncio.sleep(LOOK_EVERY)


async def _look(comfy: Comfy) -> None:
    given = comfy.project, DEPLOYMENT
    rows = {row.id: row for row in await comfy.state.database.read(prompts.live, *given)}
    for row in rows.values():
        if row.id not in comfy.hub.prompts:
            comfy.hub.expect(Prompt(row.id, row.group_id, queued=True, started=row.state == "running"))
    for prompt in list(comfy.hub.prompts.values()):
        if prompt.queued and prompt.id not in rows:
            await _end(comfy, prompt)


async def _end(comfy: Comfy, prompt: Prompt) -> None:
    told = await comfy.state.database.read(events.since, prompt.id, 0)
    last = next((event for event in told if event.type in TERMINAL), None)
    if last and prompt.id in comfy.hub.prompts:
        comfy.hub.take(prompt, last)
    else:
        comfy.hub.drop(prompt.id)
