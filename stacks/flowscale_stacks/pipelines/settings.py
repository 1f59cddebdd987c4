"""Where the pods of jobs run, and what they are told."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
KEY_SECRET, SECRETS = "flowscale-jobs", "/run/secrets/flowscale/jobs"
LONGEST_NAME = 52
"""Argo adds to the names of what it starts."""
_OTHER = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """`image` holds the `flowscale` command; `state` is an address as s3://bucket/jobs, where jobs keep what they did.

    The API key of the pods is in the secret `flowscale-jobs`, under `key`; other keys of it are secrets that specs name.
    """

    namespace: str
    image: str
    state: str
    gateway: str = "http://gateway:8000"
    repository: str | None = None
    """The git repository with the specs, which promotions write to."""
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: tuple[Mapping[str, Any], ...] = ()
    """Environment variables of the pods as Kubernetes has them, for the credentials of buckets."""


def object_name(kind: str, name: str) -> str:
    """The name of an object: lower case, short enough, and different for different names."""
    plain = f"{kind}-{_OTHER.sub('-', name.lower())}".strip("-")
    if len(plain) <= LONGEST_NAME and plain == f"{kind}-{name}":
        return plain
    return f"{plain[: LONGEST_NAME - 9].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
