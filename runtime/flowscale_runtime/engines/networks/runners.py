"""How each format computes: a file becomes a function from tensors to tensors, in the order that the spec declares."""

import importlib.util
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy
import torch

from flowscale_runtime.engines.networks.errors import BadTensor, CantLoad
from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.nodes import weights

Runner = Callable[[Sequence[torch.Tensor]], list[torch.Tensor]]
TYPES = {
    "BOOL": torch.bool,
    "UINT8": torch.uint8,
    "INT8": torch.int8,
    "INT16": torch.int16,
    "INT32": torch.int32,
    "INT64": torch.int64,
    "FP16": torch.float16,
    "BF16": torch.bfloat16,
    "FP32": torch.float32,
    "FP64": torch.float64,
}


def load(network: Network, device: str = "cpu") -> Runner:
    """The function that computes a network. Raises CantLoad."""
    if network.format not in LOADERS:
        known = ", ".join(LOADERS)
        raise CantLoad(
            f"{network.name} has the format {network.format}, which only a Triton server with that backend computes; "
            f"the in-process engine and the Python backend take {known}"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what torch says of its own future is nothing to who runs a network
            return LOADERS[network.format](network, device)
    except CantLoad:
        raise
    except Exception as error:
        raise CantLoad(f"{network.name} can't be loaded from {network.file.name}: {error}") from error


def check(network: Network, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Tensors of the declared types. Raises BadTensor where a shape doesn't fit."""
    if len(tensors) != len(network.inputs):
        raise BadTensor(f"{network.name} takes {len(network.inputs)} tensors, and was given {len(tensors)}")
    for port, tensor in zip(network.inputs, tensors, strict=True):
        given = tuple(tensor.shape[1:] if network.batch else tensor.shape)
        if len(given) != len(port.shape) or any(
            wanted not in (-1, size) for wanted, size in zip(port.shape, given, strict=True)
        ):
            raise BadTensor(f"{network.name}: {port.name} has the shape {given}, not {port.shape}")
    return [tensor.to(TYPES[port.type]) for port, tensor in zip(network.inputs, tensors, strict=True)]


def _torchscript(network: Network, device: str) -> Runner:
    load: Any = torch.jit.load  # untyped in torch
    return _of_module(load(str(network.file), map_location=device).eval(), network, device)


def _export(network: Network, device: str) -> Runner:
    return _of_module(torch.export.load(network.file).module().to(device), network, device)


def _safetensors(network: Network, device: str) -> Runner:
    if network.code is None:
        raise CantLoad(f"{network.name} has weights alone: name the class that takes them with `code`")
    module = _module(network.code, network.kind)
    module.load_state_dict(weights.load(network.file))
    return _of_module(_quantized(module.eval(), network).to(device), network, device)


def _onnx(network: Network, device: str) -> Runner:
    import onnxruntime  # only networks of this format need it

    providers = (
        ["CPUExecutionProvider"] if device == "cpu" else ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    session = onnxruntime.InferenceSession(str(network.file), providers=providers)
    names = [port.name for port in network.outputs]

    def run(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        given = {
            port.name: tensor.cpu().numpy() for port, tensor in zip(network.inputs, tensors, strict=True)
        }
        return [torch.from_numpy(numpy.asarray(found)) for found in session.run(names, given)]

    return run


LOADERS: dict[str, Callable[[Network, str], Runner]] = {
    "torchscript": _torchscript,
    "export": _export,
    "safetensors": _safetensors,
    "onnx": _onnx,
}


def _of_module(module: Any, network: Network, device: str) -> Runner:
    half = network.quantization == "fp16"
    module = module.half() if half else module

    def run(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        given = [tensor.to(device) for tensor in tensors]
        with torch.inference_mode():
            found = module(*([one.half() if half and one.is_floating_point() else one for one in given]))
        outputs = list(found) if isinstance(found, tuple | list) else [found]
        return [one.to("cpu", TYPES[port.type]) for port, one in zip(network.outputs, outputs, strict=True)]

    return run


def _module(code: Path, kind: str) -> Any:
    """A new object of a class in a file of the project's own."""
    spec = importlib.util.spec_from_file_location(f"flowscale_network_{code.stem}", code)
    if spec is None or spec.loader is None:
        raise CantLoad(f"{code} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = getattr(module, kind, None)
    if made is None:
        raise CantLoad(f"{code.name} has no class {kind}")
    return made()


def _quantized(module: Any, network: Network) -> Any:
    if network.quantization != "int8":
        return module
    quantize: Any = torch.ao.quantization.quantize_dynamic  # untyped in torch
    return quantize(module, {torch.nn.Linear}, dtype=torch.qint8)
