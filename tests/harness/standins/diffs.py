"""How the stand-in provider compares objects: paths of fields that differ, and those that can't change in place."""

import re
from collections.abc import Iterator
from typing import Any

IMMUTABLE = {
    "": ("metadata.name", "metadata.namespace", "apiVersion", "kind"),
    "Deployment": ("spec.selector",),
    "StatefulSet": (
        "spec.selector",
        "spec.serviceName",
        "spec.podManagementPolicy",
        "spec.volumeClaimTemplates",
    ),
    "Job": ("spec.selector", "spec.template", "spec.completions"),
    "PersistentVolumeClaim": (
        "spec.accessModes",
        "spec.storageClassName",
        "spec.volumeName",
        "spec.selector",
    ),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Service": ("spec.clusterIP",),
    "Secret": ("type",),
    "ConfigMap": (),
    "PriorityClass": ("value", "preemptionPolicy"),
    "CustomResourceDefinition": ("spec.group", "spec.names.kind", "spec.names.plural", "spec.scope"),
}
"""By kind, the fields that replace an object; those under "" do so for every kind."""


def detailed(old: Any, new: Any, path: str = "") -> dict[str, str]:
    """Paths of fields that differ, and whether they were added, deleted or updated."""
    return dict(_differences(old, new, path))


def immutable(wanted: dict[str, Any], path: str) -> bool:
    """Whether a change of this field means another object."""
    fields = (*IMMUTABLE[""], *IMMUTABLE.get(str(wanted.get("kind")), ()))
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in fields)


def pruned(live: Any, asked: Any) -> Any:
    """The live value of the fields that were asked for; what the server or others added is left out."""
    if isinstance(live, dict) and isinstance(asked, dict):
        return {key: pruned(live[key], asked[key]) for key in asked if key in live}
    if isinstance(live, list) and isinstance(asked, list):
        return [pruned(item, _twin(item, index, asked)) for index, item in enumerate(live)]
    return live


def _differences(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {**old, **new}:
            step = _step(path, key)
            if key not in new:
                yield step, "delete"
            elif key not in old:
                yield step, "add"
            else:
                yield from _differences(old[key], new[key], step)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            step = f"{path}[{index}]"
            if index >= len(new):
                yield step, "delete"
            elif index >= len(old):
                yield step, "add"
            else:
                yield from _differences(old[index], new[index], step)
    else:
        yield path, "update"


def _step(path: str, key: str) -> str:
    if not re.fullmatch(r"[A-Za-z_$][\w$]*", key):
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _twin(item: Any, index: int, asked: list[Any]) -> Any:
    """The element of a list that was asked for where this one is live: by name, else by place."""
    if isinstance(item, dict) and "name" in item:
        named = [each for each in asked if isinstance(each, dict) and each.get("name") == item["name"]]
        if named:
            return named[0]
    return asked[index] if index < len(asked) else item
