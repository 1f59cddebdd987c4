"""The definitions of custom resources are structural, and describe exactly what is written."""

import json

import jsonschema
import pytest
from hypothesis import given, settings

from flowscale_specs.resources import budget_resource_of, definitions, resource_of
from specs.resources import deployments as any_

BUDGET, DEPLOYMENT = definitions()
ALLOWED = {
    "type", "description", "enum", "format", "minimum", "maximum", "required", "properties", "items",
    "additionalProperties", "x-kubernetes-preserve-unknown-fields",
}  # fmt: skip


def schema(definition):
    return definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def inside(node, path=""):
    """All schemas in a schema, with their paths."""
    yield path, node
    for name, item in node.get("properties", {}).items():
        yield from inside(item, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if key in node:
            yield from inside(node[key], f"{path}[]")


@pytest.mark.parametrize("definition", [BUDGET, DEPLOYMENT], ids=["budget", "deployment"])
def test_every_schema_has_one_type_and_only_keys_that_the_api_server_takes(definition):
    for path, node in inside(schema(definition)):
        assert set(node) <= ALLOWED, path
        assert node["type"] in {"object", "array", "string", "integer", "number", "boolean"}, path
        if node["type"] == "object" and path:
            given = ("properties", "additionalProperties", "x-kubernetes-preserve-unknown-fields")
            assert path == ".metadata" or any(key in node for key in given), path


@pytest.mark.parametrize("definition", [BUDGET, DEPLOYMENT], ids=["budget", "deployment"])
def test_every_field_is_described(definition):
    for path, node in inside(schema(definition)["properties"]["spec"], ".spec"):
        if not path.endswith("[]") and not path.endswith((".requests", ".seconds")):
            assert node.get("description"), path


def test_only_what_controllers_remember_is_free_in_form():
    free = [
        path for path, node in inside(schema(DEPLOYMENT)) if "x-kubernetes-preserve-unknown-fields" in node
    ]

    assert free == [".status.rollout.evidence", ".status.scaling.memory"]
    assert not any("x-kubernetes-preserve-unknown-fields" in node for _, node in inside(schema(BUDGET)))


@settings(max_examples=30, deadline=None)
@given(any_.projects())
def test_what_is_written_is_valid_and_has_no_field_that_would_be_pruned(given):
    project, releases = given
    (deployment,), (budget,) = project.deployments, project.budgets

    for resource, definition in (
        (resource_of(project, deployment, releases), DEPLOYMENT),
        (budget_resource_of(project, budget), BUDGET),
    ):
        closed = json.loads(json.dumps(schema(definition)["properties"]["spec"]))
        for _, node in list(inside(closed)):
            if "properties" in node:
                node["additionalProperties"] = False
        jsonschema.validate(resource["spec"], closed)


def test_status_is_a_subresource_and_columns_tell_instances_and_money():
    (version,) = DEPLOYMENT["spec"]["versions"]
    columns = {column["name"]: column["jsonPath"] for column in version["additionalPrinterColumns"]}

    assert version["subresources"] == {"status": {}}
    assert columns["Ready"] == ".status.readyReplicas"
    assert columns["Wanted"] == ".status.scaling.wanted"
    assert DEPLOYMENT["metadata"]["name"] == "workflowdeployments.flowscale.ai"
    assert DEPLOYMENT["spec"]["names"]["shortNames"] == ["wfd"]


def test_definitions_are_the_same_each_time():
    assert json.dumps(definitions()) == json.dumps((BUDGET, DEPLOYMENT))
