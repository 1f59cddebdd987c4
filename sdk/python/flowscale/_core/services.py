"""The calls beside runs: health and queue, workflows, keys, deployments, and the bytes of outputs."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from flowscale._core.core import Core
from flowscale._core.effects import Program
from flowscale._core.requests import Request
from flowscale.exceptions import FlowScaleError
from flowscale.models import Record

Records: TypeAlias = list[Record]


class Operations:
    """Calls that share what the client knows."""

    def __init__(self, core: Core) -> None:
        self._core = core


class ServiceOperations(Operations):
    """About the server as a whole."""

    def health(self) -> Program[Records]:
        """One record for each container: `container`, `url`, `status` (idle or running)."""
        return records((yield from self._core.get("comfy/health")))

    def queue(self) -> Program[Records]:
        """One record for each container, whose `queue` holds `queue_running` and `queue_pending`."""
        return records((yield from self._core.get("comfy/queue")))

    def openapi(self, workflow_id: str | None = None) -> Program[dict[str, Any]]:
        """The OpenAPI document of a deployment, with its own inputs as typed fields."""
        parameters = {"workflow_id": workflow_id or self._core.settings.workflow_id}
        document: dict[str, Any] = yield from self._core.bare("openapi.json", **parameters)
        return document


class WorkflowOperations(Operations):
    """What can be run here."""

    def list(self) -> Program[Records]:
        """One record for each: `workflow_id`, `name`, `description`, `inputs`, `outputs`."""
        return records((yield from self._core.get("comfy/workflows")), "workflows")


class KeyOperations(Operations):
    """API keys; needs the scope `keys:manage`."""

    def list(self) -> Program[Records]:
        """All keys, without their secrets."""
        return records((yield from self._core.get("keys")), "keys")

    def create(
        self,
        name: str,
        *,
        role: str | None = None,
        scopes: Sequence[str] = (),
        deployments: Sequence[str] = (),
        rate: str | None = None,
        expires_at: str | datetime | None = None,
    ) -> Program[Record]:
        """A new key; the answer is the only one that shows it.

        Args:
            role: viewer, contributor (unless said), admin, owner, or a role of the project.
            scopes: these rights instead of a role's.
            deployments: only these; all of the project unless said.
            rate: requests at most, as in `10/s`.
        """
        wanted = {
            "name": name,
            "role": role,
            "scopes": list(scopes) or None,
            "deployments": list(deployments) or None,
            "rate": rate,
            "expires_at": expires_at.isoformat() if isinstance(expires_at, datetime) else expires_at,
        }
        given = {field: value for field, value in wanted.items() if value is not None}
        return Record((yield from self._core.post("keys", given)))

    def rotate(self, key_id: str, *, overlap: int | None = None) -> Program[Record]:
        """A new secret for a key; the old one goes on working for `overlap` seconds, a day unless said."""
        wanted = None if overlap is None else {"overlap": overlap}
        return Record((yield from self._core.post(f"keys/{quote(key_id, safe='')}/rotate", wanted)))

    def revoke(self, key_id: str) -> Program[Any]:
        """End a key at once."""
        return (yield from self._core.delete(f"keys/{quote(key_id, safe='')}"))


class DeploymentOperations(Operations):
    """What is deployed; needs the scope `deployments:read`."""

    def list(self) -> Program[Records]:
        return records((yield from self._core.get("deployments")), "deployments")

    def get(self, name: str) -> Program[Record]:
        """Status, releases, weights and replicas of one deployment."""
        return Record((yield from self._core.get(f"deployments/{quote(name, safe='')}")))


class Downloads(Operations):
    """Bytes of outputs. Their URLs are signed, and may lead to another host: the key is never sent there."""

    def read(self, url: str) -> Program[bytes]:
        reply = yield from self._core.send(_download(url))
        return reply.content

    def save(self, url: str, path: Path) -> Program[Path]:
        """Stream to a file, which appears only when it is whole."""
        yield from self._core.send(_download(url), into=path)
        return path


def records(data: Any, name: str = "") -> Records:
    """The rows of an answer, which are its data or lie in it under a name."""
    rows = data.get(name, []) if isinstance(data, dict) else data
    return [Record(row) for row in rows]


def _download(url: str) -> Request:
    if not url:
        raise FlowScaleError("this output has no URL yet: wait until its run has completed")
    return Request("GET", url, with_key=False)
