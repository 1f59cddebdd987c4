"""Folders of packages that this process imports from, for processes that look at no virtual environment."""

import site
import sysconfig


def folders_of_packages() -> list[str]:
    """Where packages are installed; `.pth` files in them are followed by who takes these folders over."""
    return list(
        dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()])
    )
