"""Folders of packages that this process imports from, for processes that look at no virtual environment."""

import os
import site
import sysconfig
from pathlib import Path


def folders_of_packages() -> list[str]:
    """Where packages are installed; `.pth` files in them are followed by who takes these folders over."""
    installed = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()]
    return list(dict.fromkeys([*_named(os.environ.get("PYTHONPATH", "")), *installed]))


def _named(search_path: str) -> list[str]:
    """The folders of a PYTHONPATH, which come first; the platform's images have all their packages there."""
    return [str(Path(folder).absolute()) for folder in search_path.split(os.pathsep) if folder]
