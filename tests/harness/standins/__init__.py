"""Stand-ins for plugins of Pulumi that can't be built everywhere: test fixtures, run as `python -m harness.standins.NAME`.

`pulumi.runtime.proto` is made importable without the SDK around it, which takes a second to load.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def _without_sdk() -> None:
    found = importlib.util.find_spec("pulumi")
    assert found is not None
    assert found.submodule_search_locations
    home = Path(found.submodule_search_locations[0])
    for name, folder in (("pulumi", home), ("pulumi.runtime", home / "runtime")):
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


_without_sdk()
