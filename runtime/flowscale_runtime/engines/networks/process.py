"""A process that computes networks for whoever isn't a node: what `Model`s answer to callers of the API.

Started as `python -m flowscale_runtime.engines.networks.process FD CONFIG`, where FD is its end of a socket pair. It
dies with who started it. A network is loaded when it is first asked for, and stays while the budget of bytes lasts.
"""

import os
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from queue import SimpleQueue
from typing import Any

import orjson
import torch

from flowscale_runtime.engines.frames import Channel
from flowscale_runtime.engines.networks.errors import NetworkError
from flowscale_runtime.engines.networks.local import LocalNetworks
from flowscale_runtime.engines.networks.runners import TYPES
from flowscale_runtime.engines.networks.values import Network, Tensor, joined, split
from flowscale_runtime.engines.processes import die_first, die_with_parent

Asked = tuple[dict[str, Any], bytes]


def main() -> None:
    """Answers until the channel closes."""
    die_with_parent()
    die_first()
    channel, config = Channel(socket.socket(fileno=int(sys.argv[1]))), orjson.loads(sys.argv[2])
    networks = LocalNetworks((), config["budget"])
    waiting: SimpleQueue[Asked] = SimpleQueue()
    threading.Thread(target=listen, args=(channel, waiting), daemon=True).start()
    while True:
        head, blob = waiting.get()
        channel.send(*answer(networks, head, blob))


def listen(channel: Channel, waiting: "SimpleQueue[Asked]") -> None:
    """Takes questions; nobody left to ask ends this process, whatever computes."""
    while (asked := channel.receive()) is not None:
        waiting.put(asked)
    os._exit(0)


def answer(networks: LocalNetworks, head: Mapping[str, Any], blob: bytes) -> tuple[dict[str, Any], bytes]:
    """What a network gives, or why it gives nothing."""
    network = Network.from_json(head["network"])
    try:
        if head["type"] == "load":
            networks.load(network)
            return {"id": head["id"]}, b""
        given = [tensor(one) for one in split(head["tensors"], blob)]
        found = networks.compute(network, given)
    except NetworkError as error:
        return {"id": head["id"], "error": str(error)}, b""
    except Exception as error:  # noqa: BLE001  a network is anybody's code; who asked is told
        return {"id": head["id"], "error": f"{network.name}: {type(error).__name__}: {error}"}, b""
    tensors, raw = joined(raw_tensors(network, found))
    return {"id": head["id"], "tensors": tensors}, raw


def tensor(given: Tensor) -> torch.Tensor:
    """A tensor of torch from one that travelled."""
    return torch.frombuffer(bytearray(given.raw), dtype=TYPES[given.type]).reshape(given.shape)


def raw_tensors(network: Network, found: Sequence[torch.Tensor]) -> list[Tensor]:
    """A network's outputs, ready to travel."""
    return [
        Tensor(port.name, port.type, tuple(one.shape), one.contiguous().view(torch.uint8).numpy().tobytes())
        for port, one in zip(network.outputs, found, strict=True)
    ]


if __name__ == "__main__":
    main()
