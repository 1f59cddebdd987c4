"""The node host: a process of its own that alone imports nodes and torch, and runs one job at a time.

Started by a worker as `python -m flowscale_runtime.engines.host FD CONFIG`, where FD is its end of a socket pair.
It dies with the worker, and whatever it does (loops in C, forks, holds the GIL) ends with it.
"""

import os
import socket
import sys
import threading
from queue import SimpleQueue

import orjson

from flowscale_runtime.engines import starting
from flowscale_runtime.engines.frames import Channel
from flowscale_runtime.engines.inprocess import Engine, Message
from flowscale_runtime.engines.networks.lazy import Lazy
from flowscale_runtime.engines.processes import die_first, die_with_parent
from flowscale_runtime.nodes.forward import use


def main() -> None:
    """Serves jobs until the worker closes the channel."""
    die_with_parent()
    die_first()
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    config = orjson.loads(sys.argv[2])
    use(Lazy(config["networks"]))
    loaded = starting.load(config)
    channel.send(starting.described(loaded))
    starting.warm(config)
    serve(channel, Engine(loaded.classes, channel.send))


def serve(channel: Channel, engine: Engine) -> None:
    """Runs jobs on this thread while another one listens for the wish to stop."""
    jobs: SimpleQueue[Message | None] = SimpleQueue()
    questions: SimpleQueue[Message] = SimpleQueue()
    threading.Thread(target=listen, args=(channel, engine, jobs, questions), daemon=True).start()
    threading.Thread(target=answer, args=(channel, engine, questions), daemon=True).start()
    channel.send({"type": "ready"})
    while (job := jobs.get()) is not None:
        if job["type"] == "forget":
            engine.forget()
            continue
        channel.send(starting.attempt(engine, job))
        engine.interrupt.clear()


def listen(
    channel: Channel,
    engine: Engine,
    jobs: "SimpleQueue[Message | None]",
    questions: "SimpleQueue[Message]",
) -> None:
    """Takes messages; a worker that has gone ends this process, whatever runs."""
    while (received := channel.receive()) is not None:
        message, _ = received
        if message["type"] in {"run", "forget"}:
            jobs.put(message)
        elif message["type"] == "check":
            questions.put(message)
        else:
            engine.interrupt.set()
    os._exit(0)


def answer(channel: Channel, engine: Engine, questions: "SimpleQueue[Message]") -> None:
    """Answers whether graphs can run, also while another one runs."""
    while True:
        question = questions.get()
        channel.send({"type": "checked", "id": question["id"], **starting.checked(engine, question)})


if __name__ == "__main__":
    main()
