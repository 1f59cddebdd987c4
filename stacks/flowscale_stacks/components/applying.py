"""Objects of one part of a project as child resources, each after those that it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi

from flowscale_stacks.components.objects import NAMESPACE, POLICIES, defined_kinds, names
from flowscale_stacks.components.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowscale_stacks.components.objects import Object

    Transform = Callable[[Object], Object | None]


@dataclass(slots=True)
class Applier:
    """Makes resources for one project, and remembers those that others wait for."""

    namespace: str
    transform: Transform | None = None
    shared: pulumi.ProviderResource | None = None
    """The provider for definitions, which other stacks may have made before."""
    _definitions: dict[tuple[str, str], pulumi.Resource] = field(default_factory=dict)
    _namespaces: dict[str, pulumi.Resource] = field(default_factory=dict)
    _policies: list[pulumi.Resource] = field(default_factory=list)

    def apply(self, objects: Sequence[Object], parent: pulumi.Resource) -> dict[str, pulumi.CustomResource]:
        """A resource for each object that the transform leaves, by `Kind/name`."""
        kept = [changed for each in objects if (changed := self._transformed(each)) is not None]
        found = {}
        for name, wanted in zip(names(kept, self.namespace), kept, strict=True):
            opts = pulumi.ResourceOptions(parent=parent, depends_on=self._needs(wanted))
            if self.shared and wanted["kind"] == "CustomResourceDefinition":
                opts.provider = self.shared
            made = resource(name, wanted, opts)
            found[f"{wanted['kind']}/{name}"] = made
            self._remember(wanted, made)
        return found

    def _transformed(self, wanted: Object) -> Object | None:
        return self.transform(wanted) if self.transform else wanted

    def _needs(self, wanted: Object) -> list[pulumi.Resource]:
        place = self._namespaces.get(wanted["metadata"].get("namespace", ""))
        definition = self._definitions.get((wanted["apiVersion"], wanted["kind"]))
        needed = [each for each in (place, definition) if each is not None]
        return [*needed, *self._policies] if definition is not None else needed

    def _remember(self, wanted: Object, made: pulumi.Resource) -> None:
        if wanted["kind"] == NAMESPACE:
            self._namespaces[wanted["metadata"]["name"]] = made
        elif wanted["kind"] == "CustomResourceDefinition":
            self._definitions |= dict.fromkeys(defined_kinds(wanted), made)
        elif wanted["kind"] in POLICIES:
            self._policies.append(made)
