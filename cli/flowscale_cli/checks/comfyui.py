"""Checks of the ComfyUI servers that compute deployments of a folder: whether they answer, and how busy they are."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowscale_cli.checks.findings import Finding, failure, ok, warning

if TYPE_CHECKING:
    from flowscale_specs import ResolvedProject

SECONDS = 5.0


def servers(project: "ResolvedProject") -> Iterator[Finding]:
    """One finding for each server."""
    named: dict[str, list[str]] = {}
    for deployment in project.deployments.values():
        for url in deployment.comfyui:
            named.setdefault(url, []).append(deployment.name)
    for url, deployments in named.items():
        yield _server(url, ", ".join(deployments))


def _server(url: str, deployments: str) -> Finding:
    import httpx

    check = f"ComfyUI {url}"
    try:
        with httpx.Client(timeout=SECONDS, trust_env=False) as client:
            stats = client.get(f"{url}/system_stats").raise_for_status().json()
            queue = client.get(f"{url}/prompt").raise_for_status().json()
        found, waiting = stats["system"]["comfyui_version"], queue["exec_info"]["queue_remaining"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return failure(check, f"doesn't answer: {error}", f"start it, or correct `comfyui` of {deployments}")
    except (ValueError, LookupError, TypeError):
        return failure(check, "is no ComfyUI server", f"correct `comfyui` of {deployments}")
    if waiting:
        return warning(
            check,
            f"version {found}, {waiting} prompts wait or run",
            f"runs of {deployments} wait behind these",
        )
    return ok(check, f"version {found}, idle, for {deployments}")
