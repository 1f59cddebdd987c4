"""`Model` specs as networks: files found and checked, named by the digest of all that decides what they compute."""

import hashlib
from pathlib import Path

import orjson

from flowscale_runtime.engines.networks.values import Network, Port
from flowscale_specs import ResolvedProject
from flowscale_specs.kinds.model import Model, Tensor


def of_project(project: ResolvedProject) -> tuple[tuple[Network, ...], list[str]]:
    """The networks whose files are there, and what keeps the others from being served."""
    networks, problems = [], []
    for model in project.models:
        try:
            networks.append(of_model(model, project.model_folders[model.name]))
        except (OSError, ValueError) as error:
            problems.append(f"Model {model.name}: {error}")
    return tuple(networks), problems


def of_model(model: Model, folder: Path) -> Network:
    """The network of a spec. Raises OSError, ValueError where its file isn't the one that the spec means."""
    spec = model.spec
    if spec.file.startswith(("http://", "https://")):
        raise ValueError(
            f"its file is an address: download {spec.file} into the spec's folder and name the file"
        )
    file = folder / spec.file
    with file.open("rb") as opened:
        weights = hashlib.file_digest(opened, "sha256").hexdigest()
    if spec.sha256 is not None and weights != str(spec.sha256).removeprefix("sha256:"):
        raise ValueError(f"{spec.file} has sha256 {weights}, but another one is pinned")
    source, _, kind = (spec.code or "").rpartition(":")
    code = folder / source if source else None
    decides = orjson.dumps(
        spec.model_dump(mode="json", exclude={"description", "version"}), option=orjson.OPT_SORT_KEYS
    )
    content = code.read_bytes() if code else b""
    return Network(
        name=model.name,
        digest=hashlib.sha256(b"\0".join((weights.encode(), content, decides))).hexdigest(),
        format=spec.format,
        file=file.resolve(),
        inputs=_ports(spec.inputs),
        outputs=_ports(spec.outputs),
        code=code.resolve() if code else None,
        kind=kind,
        batch=spec.batching.max if spec.batching.enabled else 0,
        delay=int(spec.batching.delay * 1_000_000),
        preferred=spec.batching.preferred,
        count=spec.instances.count,
        warmup=spec.warmup,
        cache=spec.cache,
        quantization=spec.quantization,
        memory=int(spec.memory or 0),
        queue=spec.queue.size,
        priorities=spec.queue.priorities,
    )


def _ports(tensors: tuple[Tensor, ...]) -> tuple[Port, ...]:
    return tuple(Port(tensor.name, tensor.type, tensor.shape) for tensor in tensors)
