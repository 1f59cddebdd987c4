"""Which engine computes, by its name; an engine's libraries are imported when it is picked."""

from pathlib import Path
from pkgutil import resolve_name

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.worker.ports import Engine, Host, Make

ENGINES = {
    "inprocess": "flowscale_runtime.worker.host:ProcessEngine",
    "triton": "flowscale_runtime.engines.triton.engine:TritonEngine",
}


def engine(name: str) -> Engine:
    """The engine of this name. Raises EngineMissing where this machine can't run it, KeyError for an unknown name."""
    made: Engine = resolve_name(ENGINES[name])()
    return made


def hosts(engine: Engine) -> Make:
    """Makes hosts on this engine, but for environments that ComfyUI servers compute."""
    from flowscale_runtime.engines.comfyui.servers import Servers

    servers = Servers()

    def make(environment: Environment, folder: Path, inputs: Path) -> Host:
        if not environment.comfyui:
            return engine.host(environment, folder, inputs)
        from flowscale_runtime.engines.comfyui.host import ComfyUIHost  # only where one is wanted

        return ComfyUIHost(environment, folder, inputs, servers)

    return make
