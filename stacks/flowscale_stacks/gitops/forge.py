"""Commit statuses on the forge that the repository is at: GitHub, GitLab or Gitea, each by its own API."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

import httpx

if TYPE_CHECKING:
    from flowscale_stacks.gitops.status import Status

Kind = Literal["github", "gitlab", "gitea"]
_APIS = {
    "github": "https://api.github.com",
    "gitlab": "https://{host}/api/v4",
    "gitea": "https://{host}/api/v1",
}
_STATES = {
    "github": {"reconciling": "pending", "ready": "success", "failed": "failure"},
    "gitlab": {"reconciling": "running", "ready": "success", "failed": "failed"},
    "gitea": {"reconciling": "pending", "ready": "success", "failed": "failure"},
}
_SECONDS = 10.0
_LONGEST = 140
"""Characters of a description that every forge takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Where statuses of commits go."""

    kind: Kind
    repository: str
    """`owner/name`."""
    api: str
    token: str = field(repr=False)
    context: str = "flowscale"
    """What the status is called, one for each environment."""

    def hear(self, status: Status) -> None:
        """Writes the status of its commit. A forge that doesn't answer is told the next time."""
        address, headers, body = self.request(status)
        try:
            httpx.post(address, headers=headers, json=body, timeout=_SECONDS).raise_for_status()
        except httpx.HTTPError as error:
            sys.stderr.write(f"gitops: {self.api} did not take the status of {status.commit[:12]}: {error}\n")

    def request(self, status: Status) -> tuple[str, dict[str, str], dict[str, str]]:
        """Address, headers and body of what is sent."""
        state = _STATES[self.kind][status.state]
        description = " ".join(status.message.split())[:_LONGEST]
        if self.kind == "gitlab":
            address = f"{self.api}/projects/{quote(self.repository, safe='')}/statuses/{status.commit}"
            return (
                address,
                {"PRIVATE-TOKEN": self.token},
                {
                    "state": state,
                    "name": self.context,
                    "description": description,
                },
            )
        scheme = "token" if self.kind == "gitea" else "Bearer"
        address = f"{self.api}/repos/{self.repository}/statuses/{status.commit}"
        body = {"state": state, "context": self.context, "description": description}
        return address, {"Authorization": f"{scheme} {self.token}"}, body


def forge_of(kind: Kind, url: str, token: str, context: str, api: str | None = None) -> Forge:
    """The forge that a repository's address leads to."""
    host, repository = located(url)
    return Forge(
        kind=kind,
        repository=repository,
        api=(api or _APIS[kind].format(host=host)).rstrip("/"),
        token=token,
        context=context,
    )


def located(url: str) -> tuple[str, str]:
    """Host and `owner/name` of an address: `https://host/owner/name.git`, `git@host:owner/name`."""
    parts = urlsplit(url)
    if parts.scheme:
        host, path = parts.hostname or "", parts.path
    else:
        host, _, path = url.rpartition("@")[2].partition(":")
    return host, path.strip("/").removesuffix(".git")
