"""What is written to the cluster: the scale of executors, the status of resources, and Events that say why."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lightkube.models.core_v1 import EventSource, ObjectReference
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Event
from lightkube.types import PatchType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightkube import AsyncClient

MANAGER = "flowscale-controllers"


class Actuator:
    """Writes for the leader alone: `check` is called before each write and raises where this process isn't it."""

    def __init__(self, client: AsyncClient, namespace: str, check: Callable[[], None]) -> None:
        self._client, self._namespace, self._check = client, namespace, check
        self.calls = 0

    async def scale(self, executor: str, replicas: int) -> None:
        """Sets the number of pods of an executor through its `scale` subresource."""
        self._write()
        patch = {"spec": {"replicas": replicas}}
        await self._client.patch(Deployment.Scale, executor, patch, namespace=self._namespace)

    async def status(self, resource: Any, status: Mapping[str, Any]) -> None:
        """Applies the status of a resource, under a field manager of its own."""
        self._write()
        name, kind = resource.metadata.name, type(resource)
        written = {
            "apiVersion": resource.apiVersion,
            "kind": resource.kind,
            "metadata": {"name": name},
            "status": dict(status),
        }
        await self._client.patch(
            kind.Status,
            name,
            written,
            namespace=self._namespace,
            patch_type=PatchType.APPLY,
            field_manager=MANAGER,
            force=True,
        )

    async def tell(self, resource: Any, reason: str, message: str, *, warning: bool = False) -> None:
        """Writes an Event about a resource."""
        self._write()
        name, now = resource.metadata.name, datetime.now(UTC)
        about = ObjectReference(
            apiVersion=resource.apiVersion,
            kind=resource.kind,
            name=name,
            namespace=self._namespace,
            uid=resource.metadata.uid,
        )
        event = Event(
            metadata=ObjectMeta(name=f"{name}.{uuid.uuid4().hex[:16]}", namespace=self._namespace),
            involvedObject=about,
            reason=reason,
            message=message[:1000],
            type="Warning" if warning else "Normal",
            source=EventSource(component=MANAGER),
            reportingComponent=MANAGER,
            firstTimestamp=now,
            lastTimestamp=now,
            count=1,
        )
        await self._client.create(event)

    def _write(self) -> None:
        self._check()
        self.calls += 1
