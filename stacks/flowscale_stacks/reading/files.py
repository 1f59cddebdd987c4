"""Objects in files, as YAML that people can read and `kubectl apply` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from flowscale_stacks.reading.errors import NotObjects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flowscale_stacks.compile import Object


def render_objects(objects: Iterable[Object]) -> str:
    """The text of a file with these objects: the same for the same objects."""
    return yaml.dump_all(
        objects, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=120, explicit_start=True
    )


def read_objects(path: Path) -> tuple[Object, ...]:
    """The objects in a file. Raises NotObjects."""
    try:
        found = [item for item in yaml.load_all(path.read_text(), yaml.CSafeLoader) if item is not None]
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise NotObjects(f"{path} can't be read as objects: {error}") from error
    if not all(_is_object(item) for item in found):
        raise NotObjects(
            f"{path} holds something else than Kubernetes objects: make it with `flowscale plan --yaml`"
        )
    return tuple(found)


def _is_object(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and isinstance(item.get("kind"), str)
        and isinstance(item.get("metadata"), dict)
        and isinstance(item["metadata"].get("name"), str)
    )
