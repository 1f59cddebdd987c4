"""Which engine computes, by its name; an engine's libraries are imported when it is picked."""

from pkgutil import resolve_name

from flowscale_runtime.worker.ports import Engine

ENGINES = {
    "inprocess": "flowscale_runtime.worker.host:ProcessEngine",
    "triton": "flowscale_runtime.engines.triton.engine:TritonEngine",
}


def engine(name: str) -> Engine:
    """The engine of this name. Raises EngineMissing where this machine can't run it, KeyError for an unknown name."""
    made: Engine = resolve_name(ENGINES[name])()
    return made
