"""A real API server takes every object: a strict dry run of all that can be compiled, then the objects themselves."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flowscale_specs.resources import definitions, read_resource, resource_of
from harness.control_plane import ControlPlane, scratch
from harness.crds import crds
from harness.programs import need
from stacks import compiling

pytestmark = [pytest.mark.services, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def plane():
    need("etcd", "kube-apiserver", "kubectl")
    with scratch() as folder, ControlPlane(Path(folder)) as plane:
        plane.install([*crds("gateway-api"), *crds("keda"), *definitions(), *_monitors()])
        yield plane


def _monitors():
    """Definitions of the Prometheus operator's kinds, in name alone: its module isn't among those at hand."""
    for kind in ("ServiceMonitor", "PodMonitor"):
        schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{kind.lower()}s.monitoring.coreos.com"},
            "spec": {
                "group": "monitoring.coreos.com",
                "scope": "Namespaced",
                "names": {"kind": kind, "plural": f"{kind.lower()}s"},
                "versions": [
                    {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
                ],
            },
        }


@pytest.mark.parametrize("environment", ["production", "staging", "preview", "edge"])
def test_every_object_passes_a_strict_dry_run(plane, environment):
    project = compiling.complete(environment)
    project = replace(project, target=replace(project.target, namespace=plane.namespace(environment)))
    objects = compiling.compiled(project)

    applied = dry_run(plane, objects)

    assert applied == [(item["kind"], item["metadata"]["name"]) for item in objects]


def test_what_the_server_keeps_of_a_resource_is_what_was_compiled(plane):
    project = compiling.complete()
    namespace = plane.namespace("kept")
    resource = resource_of(project, "portrait", compiling.RELEASES)
    resource["metadata"]["namespace"] = namespace
    plane.apply([resource])

    (kept,) = plane.get("workflowdeployments", "-n", namespace)["items"]

    assert kept["spec"] == resource["spec"]
    assert read_resource(kept).deployment == project.deployments["portrait"]
    assert "portrait" in plane.kubectl("get", "wfd", "-n", namespace)


def test_a_resource_with_a_wrong_field_is_refused(plane):
    resource = resource_of(compiling.complete(), "portrait", compiling.RELEASES)
    resource["metadata"]["namespace"] = plane.namespace("wrong")
    resource["spec"]["scaling"]["max"] = "many"

    with pytest.raises(AssertionError, match=r"scaling\.max"):
        plane.apply([resource])


def dry_run(plane, objects):
    """(kind, name) of what the server would have made, refusing fields that it doesn't know."""
    stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
    told = plane.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "-o",
        "json",
        "-f",
        "-",
        stdin=stdin,
    )
    return [(item["kind"], item["metadata"]["name"]) for item in json.loads(told)["items"]]
