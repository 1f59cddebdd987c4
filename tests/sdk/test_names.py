"""Names that users type: those of the documents exist, both clients have the same, and nothing thinks with its hands."""

import ast
import inspect
import re
import typing
from pathlib import Path

import pytest

import flowscale
from flowscale import AsyncFlowScaleClient, FlowScaleClient, exceptions
from flowscale.testing import AsyncMockFlowScaleClient, MockFlowScaleClient

PACKAGE = Path(flowscale.__file__).parent
README = PACKAGE.parent / "README.md"
DOCUMENTED = {
    "runs": [
        "execute",
        "execute_async",
        "execute_batch",
        "wait_for_completion",
        "list",
        "iterate",
        "get",
        "get_status",
        "get_outputs",
        "get_output",
        "get_batch",
        "cancel",
        "retry",
        "logs",
        "timings",
        "feedback",
    ],
    "files": ["upload"],
    "workflows": ["list"],
    "keys": ["list", "create", "rotate", "revoke"],
    "deployments": ["list", "get"],
}
IMPURE = {
    "httpx",
    "httpx_sse",
    "anyio",
    "asyncio",
    "os",
    "io",
    "time",
    "random",
    "uuid",
    "socket",
    "threading",
}


def public(value):
    return {name for name in dir(value) if not name.startswith("_")}


def test_the_clients_have_the_documented_names_and_no_others():
    client, twin = MockFlowScaleClient(), AsyncMockFlowScaleClient()
    for resource, names in DOCUMENTED.items():
        assert public(getattr(client, resource)) == public(getattr(twin, resource)) == set(names)
    assert public(FlowScaleClient) ^ public(AsyncFlowScaleClient) == {"close", "aclose"}


@pytest.mark.parametrize("resource", DOCUMENTED)
def test_both_clients_take_the_same_parameters_and_explain_them(resource):
    client, twin = MockFlowScaleClient(), AsyncMockFlowScaleClient()
    for name in DOCUMENTED[resource]:
        one, two = getattr(getattr(client, resource), name), getattr(getattr(twin, resource), name)
        assert inspect.signature(one).parameters.keys() == inspect.signature(two).parameters.keys()
        assert one.__doc__ == two.__doc__
        assert name == "iterate" or inspect.iscoroutinefunction(two)
        assert not inspect.iscoroutinefunction(one)


def test_everything_public_is_importable_and_listed_once():
    assert sorted(set(flowscale.__all__)) == sorted(flowscale.__all__)
    assert all(hasattr(flowscale, name) for name in flowscale.__all__)


def test_the_readme_names_every_error_option_and_call():
    text = README.read_text()
    rows = set(re.findall(r"^\| `(FlowScale\w+)` \|", text, re.MULTILINE))
    assert rows == {name for name in vars(exceptions) if name.startswith("FlowScale")}
    options = set(inspect.signature(MockFlowScaleClient().runs.execute).parameters)
    assert {name for name in options - {"given", "inputs"} if f"`{name}`" not in text} == set()
    used = {name for name in DOCUMENTED["runs"] if f"runs.{name}(" not in text}
    assert used == {"get_output", "get_batch"}


def test_the_core_only_thinks():
    for path in (PACKAGE / "_core").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} & IMPURE == set(), path.name
            assert not any(name.startswith(("flowscale._client", "flowscale.testing")) for name in names), (
                path.name
            )


def test_types_reach_the_caller():
    hints = typing.get_type_hints(flowscale.Output.save)
    assert hints["return"] is Path
    assert (PACKAGE / "py.typed").exists()
