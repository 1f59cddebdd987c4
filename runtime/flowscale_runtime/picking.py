"""Which engine computes, by its name; an engine's libraries are imported when it is picked."""

from functools import cache, partial
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

    @cache
    def there() -> Make:
        from flowscale_runtime.engines.comfyui.host import ComfyUIHost
        from flowscale_runtime.engines.comfyui.servers import Servers

        return partial(ComfyUIHost, servers=Servers())

    def make(environment: Environment, folder: Path, inputs: Path) -> Host:
        return (there() if environment.comfyui else engine.host)(environment, folder, inputs)

    return make
