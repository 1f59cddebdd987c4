"""The status as a ConfigMap in the cluster: for people with kubectl, and what git sync remembers when it starts again."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flowscale_stacks.gitops.decisions import Memory
from flowscale_stacks.reading.errors import ReadingError
from flowscale_stacks.reading.server import Cluster

if TYPE_CHECKING:
    from flowscale_stacks.gitops.status import Status

MANAGER = "flowscale-gitops"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterStatus:
    """One ConfigMap in the namespace of the environment."""

    namespace: str
    name: str
    context: str | None = None

    def hear(self, status: Status) -> None:
        """Writes the status. A cluster that doesn't answer, or has no such namespace yet, is told the next time."""
        data = {key: str(value) for key, value in status.to_json().items() if value is not None}
        try:
            with Cluster(self.context) as cluster:
                cluster.send("PATCH", self._path, self._resource(data), fieldManager=MANAGER, force="true")
        except ReadingError as error:
            sys.stderr.write(f"gitops: the status was not written: {error}\n")

    def remembered(self) -> Memory:
        """What the last process of git sync knew. Raises ReadingError."""
        with Cluster(self.context) as cluster:
            found = cluster.get(self._path)
        data = (found or {}).get("data") or {}
        good = data.get("good")
        return Memory(good=good, applied=good)

    @property
    def _path(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}/configmaps/{self.name}"

    def _resource(self, data: dict[str, str]) -> dict[str, Any]:
        labels = {"app.kubernetes.io/part-of": "flowscale", "app.kubernetes.io/component": "gitops"}
        meta = {"name": self.name, "namespace": self.namespace, "labels": labels}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data}


def line(status: Status) -> str:
    """The status as a line of JSON, for logs."""
    return json.dumps(status.to_json(), separators=(",", ":"))
