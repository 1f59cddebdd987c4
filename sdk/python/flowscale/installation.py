"""Which distributions lie in the folder `flowscale`, and what to do when it is two.

The older distribution `flowscale` (class `FlowscaleAPI`) installs a package of this very name. Installed
together, the files of one lie over those of the other, and uninstalling either takes files of both away.
"""

from importlib.metadata import PackageNotFoundError, distribution

OURS, OLDER = "flowscale-sdk", "flowscale"
REMEDY = (
    "run `pip uninstall -y flowscale flowscale-sdk`, then `pip install flowscale-sdk`;"
    " a program that still needs FlowscaleAPI needs an environment of its own"
)


class MixedInstallationWarning(UserWarning):
    """Two distributions that both install a package called `flowscale`."""


def mixed() -> str | None:
    """What is wrong with this installation and what to do about it; None where nothing is."""
    try:
        older = distribution(OLDER)
    except PackageNotFoundError:
        return None
    return (
        f"the distributions {OURS!r} and {OLDER!r} {older.version} are both installed, and both install a"
        f" package called 'flowscale', so that files of one hide files of the other: {REMEDY}"
    )


def moved(name: str) -> str:
    """What to say to someone who asks this package for a name of the older one."""
    return (
        f"{name} belongs to the older distribution 'flowscale'; this is 'flowscale-sdk', whose client is"
        f" FlowScaleClient: use that, or {REMEDY.replace('flowscale-sdk`;', 'flowscale`;')}"
    )
