"""Where a Triton server is on this machine, and how it is started."""

import os
import shutil
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.engines.errors import EngineMissing

NVIDIA = Path("/opt/tritonserver")
MISSING = (
    "There is no Triton server on this machine: use NVIDIA's image, which has it in /opt/tritonserver, or name the "
    "folder of another one in FLOWSCALE_TRITON. A checkout fetches one for the CPU with `scripts/triton ensure`."
)


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with `bin/tritonserver`, `backends` and `caches`; `lib` holds what the server links to."""

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "bin" / "tritonserver"

    @property
    def backends(self) -> Path:
        return self.folder / "backends"

    @property
    def caches(self) -> Path:
        return self.folder / "caches"

    def environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """The variables of a server process: its libraries and that of this Python are found first."""
        folders = [str(self.folder / "lib"), str(sysconfig.get_config_var("LIBDIR") or "")]
        given = own.get("LD_LIBRARY_PATH", "")
        return {**own, "LD_LIBRARY_PATH": ":".join(filter(None, (*folders, given)))}


def find(variables: Mapping[str, str] = os.environ) -> Installation:
    """The Triton server of this machine. Raises EngineMissing."""
    for folder in _places(variables):
        found = Installation(folder)
        if os.access(found.program, os.X_OK):
            return found
    raise EngineMissing(MISSING)


def _places(variables: Mapping[str, str]) -> Iterator[Path]:
    if named := variables.get("FLOWSCALE_TRITON"):
        yield Path(named)
        return
    if on_path := shutil.which("tritonserver", path=variables.get("PATH")):
        yield Path(on_path).resolve().parent.parent
    yield NVIDIA
    cache = Path(variables.get("XDG_CACHE_HOME") or Path(variables.get("HOME", "/")) / ".cache")
    yield from sorted((cache / "flowscale" / "triton").glob("nvidia-pytriton-*"), reverse=True)
