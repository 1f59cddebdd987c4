"""A network inside Triton's Python process: the requests of a batch are one pass."""

import sys
from collections.abc import Mapping
from typing import Any

import orjson
import torch
import triton_python_backend_utils as backend

from flowscale_runtime.engines.networks import quality, runners
from flowscale_runtime.engines.networks.values import Network


class NetworkModel:
    """Loads a network and answers batches; weights are ready before the server says that the model is."""

    def __init__(self, args: Mapping[str, str], parameters: Mapping[str, str]) -> None:
        self._network = network = Network.from_json(orjson.loads(parameters["network"]))
        gpu = args["model_instance_kind"] == "GPU"
        self._run = runners.load(network, f"cuda:{args['model_instance_device_id']}" if gpu else "cpu")
        if network.quantization != "none":
            loss = quality.measure(network)
            sys.stderr.write(f"{network.name} as {network.quantization}: {loss}\n")

    def execute(self, requests: list[Any]) -> list[Any]:
        """One pass for all requests; each gets its own rows."""
        given = [[self._tensor(request, port.name) for port in self._network.inputs] for request in requests]
        try:
            if not self._network.batch:
                return [self._response(self._run(tensors)) for tensors in given]
            sizes = [tensors[0].shape[0] for tensors in given]
            found = self._run([torch.cat(column) for column in zip(*given, strict=True)])
            rows = zip(*(torch.split(one, sizes) for one in found), strict=True)
            return [self._response(list(own)) for own in rows]
        except Exception as error:  # noqa: BLE001  a network is anybody's code; who asked is told
            failed = backend.TritonError(f"{type(error).__name__}: {error}")
            return [backend.InferenceResponse(error=failed) for _ in requests]

    def finalize(self) -> None:
        """Memory goes with the process."""

    def _tensor(self, request: Any, name: str) -> torch.Tensor:
        return torch.from_numpy(backend.get_input_tensor_by_name(request, name).as_numpy())

    def _response(self, tensors: list[torch.Tensor]) -> Any:
        ports = zip(self._network.outputs, tensors, strict=True)
        return backend.InferenceResponse(
            [backend.Tensor(port.name, tensor.contiguous().numpy()) for port, tensor in ports]
        )
