"""Where the server is and how patient the client is; the environment fills what the caller leaves out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flowscale.exceptions import FlowScaleConfigurationError

API = "/api/v1"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Settings:
    """Secrets are left out of `repr`."""

    base_url: str
    """Scheme, host and port, without `/api/v1`."""
    api_key: str | None = field(default=None, repr=False)
    """Sent as `X-API-KEY`; None for a server that needs no key."""
    timeout: float = 30.0
    """Seconds without a byte from the server before a request is given up."""
    connect_timeout: float = 10.0
    """Seconds to reach the server."""
    max_retries: int = 3
    """How often a request is sent again after a failure that may pass."""
    workflow_id: str | None = None
    """The deployment that runs go to unless a call names one."""
    group_id: str | None = None
    """The group that runs belong to unless a call names one."""
    signing_secret: str | None = field(default=None, repr=False)
    """Signs every request where the deployment demands it."""

    @property
    def travels_in_clear(self) -> bool:
        """Whether the key would cross a network unencrypted."""
        parts = urlsplit(self.base_url)
        return self.api_key is not None and parts.scheme == "http" and parts.hostname not in LOOPBACK


def complete(
    environ: Mapping[str, str], *, base_url: str | None, api_key: str | None
) -> tuple[str, str | None]:
    """Base URL and key, from the caller or else from FLOWSCALE_BASE_URL and FLOWSCALE_API_KEY."""
    return (
        _checked_url(base_url or environ.get("FLOWSCALE_BASE_URL")),
        _checked_key(api_key or environ.get("FLOWSCALE_API_KEY")),
    )


def _checked_url(url: str | None) -> str:
    if not url:
        raise FlowScaleConfigurationError(
            "no server is named: pass base_url='https://your-deployment' or set FLOWSCALE_BASE_URL"
        )
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise FlowScaleConfigurationError(
            "base_url must look like https://host[:port], without user, password or query"
        )
    return url.strip().rstrip("/").removesuffix(API).rstrip("/")


def _checked_key(key: str | None) -> str | None:
    key = key.strip() if key else None
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise FlowScaleConfigurationError(
            "the API key holds spaces, line breaks or letters outside ASCII: copy it again"
        )
    return key or None
