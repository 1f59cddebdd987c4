"""Locked groups on this machine: sources by commit, wheels in a virtual environment above the platform's packages."""

import platform
import site
import sys
import sysconfig
from pathlib import Path

from flowscale_runtime.packs import sources
from flowscale_runtime.packs.errors import InstallFailed
from flowscale_runtime.packs.once import made
from flowscale_runtime.packs.programs import Failed, uv
from flowscale_runtime.packs.values import Group, Installed, short

ABOVE = "flowscale.pth"
PACKAGES = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def installed(group: Group, store: Path, base: Path) -> Installed:
    """The group, made where it isn't there yet; needs no network where it is. Raises PackError."""
    folders = tuple(sources.fetched(pack, store, base) for pack in group.packs)
    names = tuple(pack.name for pack in group.packs)
    if not group.wheels:
        return Installed(Path(sys.executable), folders, None, names)
    folder = environment(group.wheels, store)
    return Installed(folder / "bin" / "python", folders, folder / PACKAGES, names)


def environment(wheels: tuple[str, ...], store: Path) -> Path:
    """A virtual environment that has these wheels, and the platform's packages where it has none.

    Raises InstallFailed.
    """
    machine = (platform.python_version(), platform.machine(), sys.prefix)
    folder = store / "environments" / short(*machine, *wheels)
    return made(folder, lambda aside: _build(aside, wheels))


def _build(folder: Path, wheels: tuple[str, ...]) -> None:
    listed = folder / "requirements.txt"
    try:
        uv("venv", "--quiet", "--relocatable", "--allow-existing", "--python", sys.executable, str(folder))
        listed.write_text("".join(f"{line}\n" for line in wheels))
        uv(
            *("pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), "--require-hashes"),
            *("--no-deps", "--no-build", "--requirement", str(listed)),
        )
    except Failed as error:
        raise InstallFailed(f"the wheels of packs can't be installed: {error}") from error
    lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in _platform())
    (folder / PACKAGES / ABOVE).write_text(lines)


def _platform() -> list[str]:
    """Where the platform's packages are, the nearest first."""
    paths = (sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages())
    return list(dict.fromkeys(paths))
