"""A node host inside Triton's Python process: requests are runs and questions, answers are streams of messages."""

import faulthandler
import json
import os
import select
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy
import orjson
import triton_python_backend_utils as backend

from flowscale_runtime.engines import starting
from flowscale_runtime.engines.inprocess import Engine, Message
from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.engines.processes import MARK, die_first
from flowscale_runtime.engines.triton.configs import BLOB, HEAD
from flowscale_runtime.engines.triton.networks import RemoteNetworks
from flowscale_runtime.nodes.forward import use

LOOK_EVERY = 0.1  # seconds between two looks whether the caller of a run has left


class Caller:
    """Who asked, and hears the answers."""

    def __init__(self, request: Any) -> None:
        self._sender = request.get_response_sender()
        self.message: Message = orjson.loads(_bytes(request))

    def send(self, head: Message, blob: bytes = b"") -> None:
        """One message of the answer."""
        tensors = [_tensor(HEAD, orjson.dumps(head)), _tensor(BLOB, blob)]
        self._sender.send(backend.InferenceResponse(tensors))

    def close(self) -> None:
        """There is nothing more to say."""
        self._sender.send(flags=backend.TRITONSERVER_RESPONSE_COMPLETE_FINAL)

    def gone(self) -> bool:
        """Whether the caller has cancelled its request."""
        return bool(self._sender.is_cancelled())


class NodeHost:
    """Loads the nodes of an environment on a thread, then runs one job at a time there."""

    def __init__(self, args: Mapping[str, str], parameters: Mapping[str, str]) -> None:
        self._config = json.loads(parameters["host"])
        own_process(self._config)
        self._jobs: SimpleQueue[Caller] = SimpleQueue()
        self._questions: SimpleQueue[Caller] = SimpleQueue()
        self._loaded, self._engine = threading.Event(), Engine({}, lambda head, blob: None)
        self._running: Caller | None = None
        self._attached: SimpleQueue[Caller] = SimpleQueue()
        for work in (self._work, self._answer, self._look):
            threading.Thread(target=work, daemon=True).start()

    def execute(self, requests: list[Any]) -> None:
        """Takes requests and returns at once; answers come from threads."""
        for request in requests:
            caller = Caller(request)
            kind = caller.message["type"]
            if kind == "attach":
                self._attached.put(caller)
            elif kind == "check":
                self._questions.put(caller)
            elif kind == "stop":
                self._engine.interrupt.set()
                caller.close()
            else:
                self._jobs.put(caller)

    def finalize(self) -> None:
        """Nothing outlives the process."""
        os._exit(0)

    def _work(self) -> None:
        """Loads nodes and tells of them, then runs jobs, for ever."""
        told = self._attached.get()
        told.send({"type": "loaded", "pid": os.getpid()})
        networks = map(Network.from_json, self._config["networks"])
        use(RemoteNetworks(networks, self._config["server"], self._config["shared"]))
        try:
            loaded = starting.load(self._config)
            self._engine = Engine(loaded.classes, self._tell)
            self._loaded.set()
            told.send(starting.described(loaded))
            starting.warm(self._config)
            told.send({"type": "ready"})
            told.close()
        except BaseException:  # noqa: BLE001  packs run any code; a host that can't load them ends and says why
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        while True:
            self._attempt(self._jobs.get())

    def _attempt(self, caller: Caller) -> None:
        if caller.message["type"] == "forget":
            self._engine.forget()
        else:
            self._running = caller
            result = starting.attempt(self._engine, caller.message)
            self._running = None
            caller.send(result)
            self._engine.interrupt.clear()
        caller.close()

    def _tell(self, head: Message, blob: bytes) -> None:
        if running := self._running:
            running.send(head, blob)

    def _answer(self) -> None:
        """Answers whether graphs can run, also while another one runs."""
        self._loaded.wait()
        while True:
            asked = self._questions.get()
            asked.send({"type": "checked", **starting.checked(self._engine, asked.message)})
            asked.close()

    def _look(self) -> None:
        """A caller that has left wants nothing more; a server that has died takes this process along."""
        server = os.pidfd_open(os.getppid())
        while True:
            seen, _, _ = select.select([server], [], [], LOOK_EVERY)
            if seen:
                os._exit(0)
            if (running := self._running) and running.gone():
                self._engine.interrupt.set()


def own_process(config: Mapping[str, Any]) -> None:
    """Makes this process one that its worker can tell from others: a group, a mark, a log of its own."""
    os.setpgid(0, 0)
    os.environ[MARK] = config["name"]
    die_first()
    log = os.open(Path(config["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    faulthandler.enable()  # what crashes in C says where
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _tensor(name: str, data: bytes) -> Any:
    return backend.Tensor(name, numpy.frombuffer(data, numpy.uint8))


def _bytes(request: Any) -> bytes:
    found = backend.get_input_tensor_by_name(request, HEAD)
    return bytes(found.as_numpy().tobytes())
