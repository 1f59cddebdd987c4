"""What all objects keep to: order, labels, hardening, and the same text each time."""

import json
from dataclasses import replace

import pytest

from flowscale_specs import Unpinned
from flowscale_stacks.compile import BadName, NameClash, TooLarge, compile_project
from flowscale_stacks.compile.ordering import ordered
from stacks import compiling

OBJECTS = {
    name: compiling.compiled(compiling.complete(name))
    for name in ("production", "staging", "preview", "edge")
}
ALL = [item for objects in OBJECTS.values() for item in objects]


def pods():
    for item in ALL:
        template = item.get("spec", {}).get("template")
        if template:
            yield item, template["spec"]


def test_objects_are_the_same_each_time():
    again = compiling.compiled(compiling.complete("production"))

    assert json.dumps(again) == json.dumps(OBJECTS["production"])


def test_what_others_need_comes_first():
    kinds = compiling.kinds(OBJECTS["staging"])
    first = {kind: kinds.index(kind) for kind in kinds}

    assert kinds[0] == "Namespace"
    assert first["CustomResourceDefinition"] < first["WorkflowDeployment"] < first["Deployment"]
    assert first["ServiceAccount"] < first["Role"] < first["RoleBinding"] < first["Job"]
    assert first["NetworkPolicy"] < first["StatefulSet"] < first["Deployment"]


def test_every_object_carries_the_labels_of_its_project():
    for item in OBJECTS["production"]:
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == labels["app.kubernetes.io/managed-by"] == "flowscale"
        if item["kind"] != "CustomResourceDefinition":
            assert labels["flowscale.ai/project"] == "studio"
            assert labels["flowscale.ai/environment"] == "production"


def test_every_pod_meets_the_restricted_standard():
    for item, spec in pods():
        told = item["metadata"]["name"]
        assert spec["securityContext"]["runAsNonRoot"] is True, told
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, told
        for container in [*spec["containers"], *spec.get("initContainers", ())]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, told
            assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"]
        assert not any("hostPath" in volume for volume in spec["volumes"]), told


def test_only_processes_that_talk_to_the_api_server_get_a_token():
    with_token = {spec["serviceAccountName"] for _, spec in pods() if spec["automountServiceAccountToken"]}

    assert with_token == {"gateway", "controllers", "keys"}


def test_numbers_that_others_own_are_left_out():
    replicas = {
        item["metadata"]["name"]: item["spec"].get("replicas")
        for item in OBJECTS["production"]
        if item["kind"] == "Deployment"
    }

    assert replicas.pop("controllers") == 2
    assert set(replicas.values()) == {None}


def test_secrets_are_named_and_never_written():
    assert "Secret" not in compiling.kinds(ALL)
    for _, spec in pods():
        for variable in (v for container in spec["containers"] for v in container.get("env", ())):
            if any(word in variable["name"] for word in ("PASSWORD", "TOKEN", "SECRET", "ACCESS_KEY")):
                assert "valueFrom" in variable or variable["name"].endswith("_FILE"), variable


def test_definitions_can_be_left_out_for_a_cluster_that_has_them():
    objects = compiling.compiled(compiling.complete(), definitions=False)

    assert "CustomResourceDefinition" not in compiling.kinds(objects)
    assert len(objects) == len(OBJECTS["production"]) - 2


def test_a_version_without_a_release_is_refused():
    with pytest.raises(Unpinned, match="has no release"):
        compile_project(compiling.complete(), {}, compiling.IMAGES)


def test_a_name_that_kubernetes_does_not_take_is_refused():
    project = compiling.complete()
    deployment = replace(project.deployments["portrait"], name="a..b")

    with pytest.raises(BadName, match=r"'a\.\.b' can't be the name"):
        compiling.compiled(replace(project, deployments={"a..b": deployment}, budgets={}))


def test_two_objects_of_one_name_are_refused():
    service = compiling.find(OBJECTS["production"], "Service", "gateway")

    with pytest.raises(NameClash, match="two objects would be Service gateway"):
        ordered([service, service])


def test_an_object_that_etcd_would_refuse_is_refused():
    project = compiling.complete()
    deployment = replace(project.deployments["portrait"], description="x" * 1_000_001)

    with pytest.raises(TooLarge, match=r"WorkflowDeployment portrait has 1,00\d,\d{3} bytes"):
        compiling.compiled(replace(project, deployments={"portrait": deployment}))
