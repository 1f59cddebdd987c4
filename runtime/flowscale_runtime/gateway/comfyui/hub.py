"""From events of runs to ComfyUI's messages, each to the client that it is for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from flowscale_runtime.gateway.comfyui import messages
from flowscale_runtime.gateway.comfyui.progress import Prompt
from flowscale_runtime.gateway.comfyui.session import Session
from flowscale_runtime.stores.bus import Bus
from flowscale_runtime.stores.values import TERMINAL, Event

A_STATE = 50e-6  # seconds that each node adds to that
EVERY = 0.1  # seconds between two states of all nodes: each holds every node that has begun


Learn = Callable[[Event], Awaitable[Prompt | None]]


async def nobodys(event: Event) -> Prompt | None:
    """There are no prompts but those of this process."""
    return None


class Hub:
    """All clients and all prompts that run or wait. `clock` gives microseconds since the epoch."""

    def __init__(self, bus: Bus, clock: Callable[[], int], ended: Callable[[str], object]) -> None:
        self.prompts: dict[str, Prompt] = {}
        self.sessions: dict[str, Session] = {}
        self._bus, self._clock, self._ended = bus, clock, ended
        self._late: dict[str, asyncio.TimerHandle] = {}

    async def run(self, known: Iterable[Prompt] = (), learn: Learn = nobodys) -> None:
        """Tells what happens, until cancelled; `known` are the prompts of an earlier process, `learn` tells what a run is
        that was queued elsewhere."""
        self.prompts |= {prompt.id: prompt for prompt in known}
        with self._bus.whole(self._heard) as follower:
            while True:
                for event in await follower.next():
                    if event.run_id not in self.prompts and (found := await learn(event)):
                        self.expect(found)
                    if prompt := self.prompts.get(event.run_id):
                        self.take(prompt, event)

    def _heard(self, run_id: str) -> bool:
        prompt = self.prompts.get(run_id)
        return prompt is not None and prompt.client_id in self.sessions

    @property
    def remaining(self) -> int:
        """Prompts that run or wait."""
        return sum(prompt.queued for prompt in self.prompts.values())

    def expect(self, prompt: Prompt) -> None:
        """A prompt is about to be queued."""
        self.prompts[prompt.id] = prompt

    def drop(self, prompt_id: str) -> None:
        """It won't be, or it has ended."""
        self.prompts.pop(prompt_id, None)
        self._ended(prompt_id)
        if late := self._late.pop(prompt_id, None):
            late.cancel()

    def join(self, session: Session) -> None:
        """A client has come, perhaps back to its running prompt."""
        self.sessions[session.sid] = session
        session.send("status", messages.status(self.remaining, session.sid))
        for prompt in self.prompts.values():
            if prompt.client_id == session.sid and prompt.started and prompt.node:
                session.send("executing", self._executing(prompt, prompt.node))

    def leave(self, session: Session) -> None:
        """A client has gone."""
        if self.sessions.get(session.sid) is session:
            del self.sessions[session.sid]

    def broadcast(self, kind: str, data: dict[str, Any]) -> None:
        """Tells every client."""
        for session in self.sessions.values():
            session.send(kind, data)

    def take(self, prompt: Prompt, event: Event) -> None:
        """One event of a prompt's run."""
        kind = event.type
        if kind == "nodes":
            for one in event.data["events"]:
                getattr(self, f"_node_{one[0]}")(prompt, *one[1:])
        elif kind == "preview":
            self._preview(prompt, event.data)
        elif kind == "queued":
            prompt.queued = True
            prompt.restart()
            self._status()
        elif kind == "started":
            prompt.started = True
            self._status()
            self._tell(prompt, "execution_start", {"timestamp": self._now()})
        elif kind in TERMINAL:
            self._end(prompt, event)

    def _end(self, prompt: Prompt, event: Event) -> None:
        self.drop(prompt.id)
        if prompt.started:
            self._verdict(prompt, event)
        self._status()
        if prompt.started:
            self._tell(prompt, "executing", {"node": None})

    def _verdict(self, prompt: Prompt, event: Event) -> None:
        now = self._now()
        if event.type == "completed":
            self._show_states(prompt)
            self._tell(prompt, "execution_success", {"timestamp": now})
        elif event.type == "cancelled":
            kind = prompt.classes.get(prompt.node or "")
            self.broadcast(
                "execution_interrupted",
                messages.interruption(prompt.id, prompt.node, kind, prompt.ran, now),
            )
        else:
            self._show_states(prompt)
            error = event.data.get("error") or {}
            self._tell(
                prompt,
                "execution_error",
                messages.failure(prompt.id, error, prompt.failed, prompt.ran, now),
            )

    def _node_cached(self, prompt: Prompt, nodes: list[str]) -> None:
        prompt.cached = list(nodes)
        self._tell(prompt, "execution_cached", {"nodes": nodes, "timestamp": self._now()})

    def _node_start(self, prompt: Prompt, node: str) -> None:
        prompt.node = node
        prompt.mark(node, "running")
        self._show_states_later(prompt)
        self._tell(prompt, "executing", self._executing(prompt, node))

    def _node_progress(self, prompt: Prompt, node: str, value: float, maximum: float) -> None:
        prompt.mark(node, "running", value, maximum)
        self._tell(prompt, "progress", {"value": value, "max": maximum, "node": node})
        self._show_states_later(prompt)

    def _node_done(self, prompt: Prompt, node: str, ui: dict[str, Any] | None, ran: bool) -> None:
        if ran:
            prompt.ran.append(node)
        if ui is not None:
            shown = {"node": node, "display_node": prompt.display(node), "output": ui}
            self._tell(prompt, "executed", shown)
        prompt.mark(node, "finished", 1, 1)
        self._show_states_later(prompt)

    def _node_expand(self, prompt: Prompt, node: str, children: dict[str, str]) -> None:
        prompt.expand(node, children)

    def _node_blocked(self, prompt: Prompt, node: str, message: str) -> None:
        blocked: dict[str, Any] = {
            "node_id": node,
            "node_type": prompt.classes.get(node),
            "exception_message": message,
            "exception_type": "ExecutionBlocked",
            "traceback": [],
            "current_inputs": {},
        }
        data = messages.failure(prompt.id, {}, blocked, list(prompt.ran), self._now())
        self._tell(prompt, "execution_error", data)

    def _node_message(self, prompt: Prompt, node: str, kind: str, data: Any) -> None:
        if session := self.sessions.get(prompt.client_id or ""):
            session.send(kind, data)

    def _node_failed(self, prompt: Prompt, node: str, told: dict[str, Any]) -> None:
        prompt.failed = told
        prompt.mark(node, "error", 1, 1)

    def _preview(self, prompt: Prompt, data: dict[str, Any]) -> None:
        if session := self.sessions.get(prompt.client_id or ""):
            if session.flags.get("supports_preview_metadata"):
                facts = prompt.place(data["node_id"])
                session.put(messages.preview_with_facts(data["image"], facts))
            else:
                session.put(messages.preview(data["image"]))

    def _executing(self, prompt: Prompt, node: str) -> dict[str, Any]:
        return {"node": node, "display_node": prompt.display(node), "prompt_id": prompt.id}

    def _show_states_later(self, prompt: Prompt) -> None:
        """All states at once and then at most so often: what happens in between is in the next ones."""
        if prompt.id not in self._late and prompt.client_id in self.sessions:
            self._show_states(prompt)
            wait = max(EVERY, len(prompt.states) * A_STATE)
            self._late[prompt.id] = asyncio.get_running_loop().call_later(wait, self._show_late, prompt)

    def _show_late(self, prompt: Prompt) -> None:
        self._late.pop(prompt.id, None)
        if prompt.changed:
            self._show_states_later(prompt)

    def _show_states(self, prompt: Prompt) -> None:
        if prompt.changed:
            prompt.changed = False
            self._tell(prompt, "progress_state", {"nodes": prompt.states})

    def _status(self) -> None:
        self.broadcast("status", messages.status(self.remaining))

    def _tell(self, prompt: Prompt, kind: str, data: dict[str, Any]) -> None:
        if session := self.sessions.get(prompt.client_id or ""):
            session.send(kind, {**data, "prompt_id": prompt.id})

    def _now(self) -> int:
        return self._clock() // 1000
