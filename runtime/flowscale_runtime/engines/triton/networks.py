"""Networks as Triton models: their configuration, and calls to them from the processes of nodes."""

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
import torch
from tritonclient import grpc
from tritonclient.grpc import model_config_pb2
from tritonclient.grpc.model_config_pb2 import ModelConfig as Config
from tritonclient.utils import InferenceServerException

from flowscale_runtime.engines.networks import runners
from flowscale_runtime.engines.networks.quality import ANY
from flowscale_runtime.engines.networks.values import Network, Port
from flowscale_runtime.engines.triton import configs
from flowscale_runtime.engines.triton.errors import CallFailed
from flowscale_runtime.engines.triton.shared import Region
from flowscale_runtime.nodes.forward import unknown

SERVES = "flowscale_runtime.engines.triton.network_stub:NetworkModel"
NATIVE = {
    "onnx": ("onnxruntime", "model.onnx"),
    "tensorrt": ("tensorrt", "model.plan"),
    "openvino": ("openvino", "model.xml"),
}
SHARED_FROM = 1 << 20  # bytes of a tensor from which shared memory costs less than a message


def of_network(network: Network, backends: Path, device: int | None) -> Config:
    """The configuration of a network: on its native backend where this server has it, else on the Python backend."""
    config = Config(name=network.model, max_batch_size=network.batch)
    native, _ = NATIVE.get(network.format, ("", ""))
    if (
        native
        and network.quantization == "none"
        and (network.format not in runners.LOADERS or (backends / native).is_dir())
    ):
        config.backend = native
    else:
        config.backend = "python"
        config.parameters["serves"].string_value = SERVES
        config.parameters["network"].string_value = orjson.dumps(network.to_json()).decode()
    for field, ports in ((config.input, network.inputs), (config.output, network.outputs)):
        for port in ports:
            field.add(name=port.name, data_type=_type(port), dims=port.shape)
    configs.place(config, network.count, device)
    _batched(config, network)
    config.response_cache.enable = network.cache
    return config


def files(network: Network, config: Config) -> dict[str, Path]:
    """What a native backend looks for beside its configuration."""
    return {} if config.backend == "python" else {NATIVE[network.format][1]: network.file}


def _batched(config: Config, network: Network) -> None:
    if network.batch:
        batching = config.dynamic_batching
        batching.max_queue_delay_microseconds = network.delay
        batching.preferred_batch_size.extend(network.preferred)
        batching.default_queue_policy.max_queue_size = network.queue
        if network.priorities > 1:
            batching.priority_levels = network.priorities
            batching.default_priority_level = (network.priorities + 1) // 2
    if network.warmup:
        warm = config.model_warmup.add(
            name="zeros", batch_size=1 if network.batch else 0, count=network.warmup
        )
        for port in network.inputs:
            given = warm.inputs[port.name]
            given.data_type, given.zero_data = _type(port), True
            given.dims.extend(ANY if side < 0 else side for side in port.shape)


def _type(port: Port) -> int:
    return int(getattr(model_config_pb2, f"TYPE_{port.type}"))


class RemoteNetworks:
    """Passes as requests to a Triton server. Any thread may ask; each has a connection of its own.

    Names of shared memory begin with `shared`: what a killed process leaves there goes with its server.
    """

    def __init__(self, networks: Iterable[Network], address: str, shared: str = "flowscale") -> None:
        self._networks = {network.name: network for network in networks}
        self._address, self._shared = address, shared
        self._own = threading.local()

    @property
    def names(self) -> tuple[str, ...]:
        """The networks that there are."""
        return tuple(self._networks)

    def forward(self, name: str, tensors: Sequence[Any]) -> list[Any]:
        """One pass of a network, in a batch with whoever asks at the same time. Raises CallFailed."""
        network = self._networks.get(name)
        if network is None:
            raise unknown(name, self.names)
        given = runners.check(network, tensors)
        try:
            found = self._client.infer(network.model, self._inputs(network, given))
        except InferenceServerException as error:
            raise CallFailed(f"{name}: {error.message()}") from error
        return [torch.from_numpy(found.as_numpy(port.name).copy()) for port in network.outputs]

    @property
    def _client(self) -> grpc.InferenceServerClient:
        if not hasattr(self._own, "client"):
            self._own.client = grpc.InferenceServerClient(self._address)
            self._own.regions = {}
        return self._own.client

    def _inputs(self, network: Network, tensors: Sequence[torch.Tensor]) -> list[Any]:
        return [
            self._input(port, tensor.cpu().contiguous())
            for port, tensor in zip(network.inputs, tensors, strict=True)
        ]

    def _input(self, port: Port, tensor: torch.Tensor) -> Any:
        data = tensor.numpy()
        given = grpc.InferInput(port.name, list(tensor.shape), port.type)
        if data.nbytes < SHARED_FROM:
            given.set_data_from_numpy(data)
        else:
            region = self._region(port.name, data.nbytes)
            region.write(data)
            given.set_shared_memory(region.name, data.nbytes)
        return given

    def _region(self, name: str, size: int) -> Region:
        """Shared memory of this thread for one input, as large as the largest that it has held."""
        client = self._client
        found: Region | None = self._own.regions.get(name)
        if found is None or found.size < size:
            if found is not None:
                found.close(client)
            found = self._own.regions[name] = Region(client, size, self._shared)
        return found
