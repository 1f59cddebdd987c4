"""The values that pass between a worker and an engine."""

from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.engines.networks.values import Network
from flowscale_runtime.packs.values import Installed


@dataclass(frozen=True, slots=True)
class Environment:
    """What a host process is made of. Runs of one environment share hosts.

    `warm` names the libraries that a host imports before its first run, `networks` what its nodes may call. Where `comfyui`
    names servers, these compute, and have the nodes and models. `packs` are packs from their sources: the group in the
    host itself, which then runs on its Python.
    """

    name: str
    custom_nodes: tuple[Path, ...] = ()
    models: tuple[Path, ...] = ()
    warm: tuple[str, ...] = ("torch",)
    networks: tuple[Network, ...] = ()
    comfyui: tuple[str, ...] = ()
    packs: tuple[Installed, ...] = ()

    @property
    def own(self) -> Installed | None:
        """The packs of the host itself."""
        return self.packs[0] if self.packs else None
