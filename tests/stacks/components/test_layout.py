"""How plain objects are laid out: what comes first, what things are called, what the engine is told about them."""

from typing import Any

import pytest

from flowscale_stacks.components.addresses import addresses
from flowscale_stacks.components.handling import handling
from flowscale_stacks.components.objects import (
    DEPLOYMENT_LABEL,
    defined_kinds,
    laid_out,
    names,
    namespace_of,
)


def thing(kind: str, name: str = "x", namespace: str | None = "here", **rest: Any) -> dict[str, Any]:
    meta = {"name": name, **({"namespace": namespace} if namespace else {}), **rest.pop("metadata", {})}
    return {"apiVersion": rest.pop("apiVersion", "v1"), "kind": kind, "metadata": meta, **rest}


def owned(kind: str, deployment: str) -> dict[str, Any]:
    return thing(kind, deployment, metadata={"labels": {DEPLOYMENT_LABEL: deployment}})


DEFINITION = thing(
    "CustomResourceDefinition",
    "things.example.com",
    None,
    spec={"group": "example.com", "names": {"kind": "Thing"}, "versions": [{"name": "v1"}, {"name": "v2"}]},
)


def test_objects_are_parted_by_what_must_be_there_first_and_by_deployment() -> None:
    parts = (
        thing("Service"),
        owned("Deployment", "a"),
        thing("Namespace", "here", None),
        DEFINITION,
        owned("ConfigMap", "a"),
        owned("Deployment", "b"),
        thing("ValidatingAdmissionPolicy", "p", None),
    )
    layout = laid_out(parts)
    assert [each["kind"] for each in layout.definitions] == ["CustomResourceDefinition"]
    assert [each["kind"] for each in layout.namespaces] == ["Namespace"]
    assert [each["kind"] for each in layout.policies] == ["ValidatingAdmissionPolicy"]
    assert [each["kind"] for each in layout.shared] == ["Service"]
    assert {name: [each["kind"] for each in found] for name, found in layout.deployments.items()} == {
        "a": ["Deployment", "ConfigMap"],
        "b": ["Deployment"],
    }


def test_a_name_in_a_stack_tells_the_namespace_only_where_it_is_another() -> None:
    objects = [thing("Role", "a"), thing("Role", "a", "there"), thing("ClusterRole", "a", None)]
    assert names(objects, "here") == ["a", "there/a", "a"]


def test_an_object_that_is_declared_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="ConfigMap a is declared twice"):
        names([thing("ConfigMap", "a"), thing("ConfigMap", "a")], "here")


def test_a_definition_brings_its_kind_in_every_version() -> None:
    assert defined_kinds(DEFINITION) == {("example.com/v1", "Thing"), ("example.com/v2", "Thing")}


def test_a_project_lives_where_most_of_its_objects_are() -> None:
    assert namespace_of([thing("A"), thing("B"), thing("C", namespace="there")]) == "here"
    assert namespace_of([thing("ClusterRole", namespace=None)]) == "default"


@pytest.mark.parametrize(
    ("wanted", "protect", "retain", "ignored", "awaited", "secret"),
    [
        (thing("Namespace", namespace=None), True, False, (), True, False),
        (thing("PersistentVolumeClaim"), True, False, (), True, False),
        (DEFINITION, False, True, (), True, False),
        (thing("Deployment"), False, False, ("spec.replicas",), True, False),
        (owned("Deployment", "a"), False, False, ("spec.replicas",), False, False),
        (thing("Secret"), False, False, (), True, True),
        (thing("ConfigMap"), False, False, (), True, False),
    ],
)
def test_what_the_engine_is_told(
    wanted: Any, protect: bool, retain: bool, ignored: Any, awaited: bool, secret: bool
) -> None:
    how = handling(wanted)
    assert (how.protect, how.retain, how.ignored) == (protect, retain, ignored)
    assert (how.awaited, how.secret) == (awaited, secret)


def test_addresses_are_read_from_routes_and_end_inside_the_cluster() -> None:
    route = thing("HTTPRoute", spec={"hostnames": ["a.example.com"]})
    ingress = thing(
        "Ingress",
        spec={"tls": [{"hosts": ["b.example.com"]}], "rules": [{"host": "b.example.com"}, {"host": "c.com"}]},
    )
    assert addresses([route, ingress, route], "here") == (
        "https://a.example.com",
        "https://b.example.com",
        "http://c.com",
        "http://gateway.here.svc:8000",
    )
    assert addresses([], "here") == ("http://gateway.here.svc:8000",)
