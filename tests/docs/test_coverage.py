"""Everything that a user can type, meet or set has a heading in the reference."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("specs", "stacks", "runtime", "controllers", "jobs", "cli", "sdk/python", "scripts/lib")


def module(name: str, what: str) -> Any:
    """The module, or the test is skipped because the part is not there yet."""
    return pytest.importorskip(name, reason=f"{what} is not there yet")


def settings() -> set[str]:
    """Environment variables that the code reads, by their prefix."""
    sources = (path for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    return {
        name
        for path in sources
        for name in re.findall(r"[\"'](FLOWSCALE_[A-Z][A-Z_]*[A-Z])[\"']", path.read_text())
    }


def test_every_setting_has_a_heading(headings: dict[str, set[str]]) -> None:
    assert settings() - headings["reference/settings.md"] == set()


def test_no_setting_is_documented_that_nothing_reads(headings: dict[str, set[str]]) -> None:
    documented = {
        heading for heading in headings["reference/settings.md"] if heading.startswith("FLOWSCALE_")
    }
    assert documented - settings() == set()


def test_every_error_code_has_a_heading_with_its_status(documents: dict[Path, str]) -> None:
    errors = module("flowscale_runtime.gateway.errors", "the gateway")
    text = documents[ROOT / "docs/reference/errors.md"]
    documented = dict(re.findall(r"^### `([A-Z_]+)`\n\n(\d{3})\. ", text, re.MULTILINE))
    assert {error.code: str(error.status) for error in errors.all_errors()} == documented


def run_codes() -> set[str]:
    """Codes that the runtime writes into failed runs, by how it writes them."""
    pattern = re.compile(r"problem\(\s*\"([A-Z_]+)\"(?: if .+? else \"([A-Z_]+)\")?|\"code\": \"([A-Z_]+)\"")
    sources = (path.read_text() for path in (ROOT / "runtime").rglob("*.py"))
    return {code for text in sources for groups in pattern.findall(text) for code in groups if code}


def test_every_code_of_a_failed_run_has_a_heading(headings: dict[str, set[str]]) -> None:
    assert run_codes() - headings["reference/errors.md"] == set()


def test_every_verb_has_a_heading(headings: dict[str, set[str]]) -> None:
    import typer

    app = module("flowscale_cli.main", "the command line").app
    commands = getattr(typer.main.get_command(app), "commands", {})
    assert commands
    assert {f"flowscale {name}" for name, verb in commands.items() if not verb.hidden} - headings[
        "reference/cli.md"
    ] == set()


def test_every_public_name_of_the_client_is_documented(documents: dict[Path, str]) -> None:
    text = documents[ROOT / "docs/reference/python-client.md"]
    assert [name for name in module("flowscale", "the client").__all__ if name not in text] == []


def test_every_kind_has_a_heading(headings: dict[str, set[str]]) -> None:
    kinds = module("flowscale_specs", "the specs").KINDS
    assert {str(kind) for kind in kinds} - headings.get("reference/specs.md", set()) == set()


def routes() -> set[str]:
    """Routes of the gateway as the headings name them: without the prefix of the API."""
    gateway = module("flowscale_runtime.gateway.app", "the gateway")

    @asynccontextmanager
    async def nothing(app: Any) -> AsyncIterator[None]:
        yield

    found = set()
    for route in iter_route_contexts(gateway.create_app(nothing).routes):
        path = route.path.removeprefix(gateway.PREFIX)
        if path in {
            "/comfy",
            "/editor",
        }:  # a protocol of its own: reference/comfyui.md, tests/runtime/comfyui
            continue
        methods = getattr(route, "methods", None) or {"WS"}
        found |= {f"{method} {path}" for method in methods - {"HEAD"}}
    return found


def test_every_route_has_a_heading(headings: dict[str, set[str]]) -> None:
    assert routes() - headings["reference/rest-api.md"] == set()


def test_no_route_is_documented_that_does_not_exist(headings: dict[str, set[str]]) -> None:
    documented = {heading for heading in headings["reference/rest-api.md"] if re.match(r"[A-Z]+ /", heading)}
    assert documented - routes() == set()


def test_metrics_are_documented_with_their_types(documents: dict[Path, str]) -> None:
    gateway = module("flowscale_runtime.gateway.metrics", "the gateway").Metrics().registry
    controllers = module("flowscale_controllers.loops.metrics", "the controllers").Metrics().registry
    suffix = {"counter": "_total"}
    real = {
        (metric.name + suffix.get(metric.type, ""), metric.type)
        for registry in (gateway, controllers)
        for metric in registry.collect()
    }
    text = documents[ROOT / "docs/reference/metrics.md"]
    assert real == set(re.findall(r"^\| `(flowscale_\w+)` \| (\w+) \|", text, re.MULTILINE))


def test_every_exit_code_is_documented(documents: dict[Path, str]) -> None:
    errors = module("flowscale_cli.errors", "the command line")
    codes = {kind.code for kind in (errors.CliError, *errors.CliError.__subclasses__())}
    text = documents[ROOT / "docs/reference/exit-codes.md"]
    assert codes | {0} == {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
