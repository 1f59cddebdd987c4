"""`__all__` of a package and what the package really offers are the same."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("sdk/python", "specs", "stacks", "runtime", "controllers", "jobs", "cli")


def doors() -> list[str]:
    """Packages that say what they offer; of the others, modules are imported by their own names."""
    return [
        ".".join(path.parent.relative_to(ROOT / source).parts)
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("__init__.py"))
        if "__all__ = " in path.read_text()
    ]


def offered(module: ModuleType) -> dict[str, str]:
    """Public names that a package binds, and the modules of ours that they come from."""
    root = module.__name__.split(".")[0]
    origins = {name: str(getattr(value, "__module__", "")) for name, value in vars(module).items()}
    return {
        name: origin
        for name, origin in origins.items()
        if not name.startswith("_") and origin.split(".")[0] == root
    }


def test_every_distribution_has_a_door() -> None:
    assert {"flowscale", "flowscale_specs"} <= set(doors())


@pytest.mark.parametrize("name", doors())
def test_all_names_what_a_package_offers(name: str) -> None:
    module = importlib.import_module(name)
    names = offered(module)
    assert [missing for missing in module.__all__ if not hasattr(module, missing)] == []
    assert len(set(module.__all__)) == len(module.__all__)
    own_code = name in names.values() or hasattr(module, "NODE_CLASS_MAPPINGS")
    if not own_code:  # which imports what it needs
        assert set(names) - set(module.__all__) == set()
