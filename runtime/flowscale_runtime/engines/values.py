"""The values that pass between a worker and an engine."""

from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.engines.networks.values import Network


@dataclass(frozen=True, slots=True)
class Environment:
    """What a host process is made of. Runs of one environment share hosts.

    `warm` names the libraries that a host imports before its first run, `networks` what its nodes may call. Where `comfyui`
    names servers, these compute, and have the nodes and models.
    """

    name: str
    custom_nodes: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    warm: tuple[str, ...] = ("torch",)
    networks: tuple[Network, ...] = ()
    comfyui: tuple[str, ...] = ()
