"""What is found out before anything is touched."""

from typing import Any

import pytest

from flowscale_stacks.operations.errors import KindMissing, NameClash, TooLarge
from flowscale_stacks.operations.preflight import LARGEST, check_kinds, check_names, check_sizes

KINDS = {("v1", "ConfigMap"): ("configmaps", True), ("v1", "Namespace"): ("namespaces", False)}
OURS = {"flowscale.ai/project": "studio", "flowscale.ai/environment": "production"}
PATH = "/api/v1/namespaces/here/configmaps"


def config(data: Any = None, name: str = "x") -> dict[str, Any]:
    meta = {"name": name, "namespace": "here", "labels": OURS}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": data or {}}


def test_an_object_over_the_limit_is_named_with_its_size() -> None:
    check_sizes([config({"a": "x" * (LARGEST - 500)})])
    with pytest.raises(TooLarge, match=r"ConfigMap here/x has 1,\d+,\d+ bytes.*belong in the object store"):
        check_sizes([config(), config({"a": "x" * LARGEST})])


def test_a_missing_kind_is_named_with_what_brings_it() -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "gateway", "namespace": "here"},
    }
    with pytest.raises(
        KindMissing, match="HTTPRoute here/gateway is: install the definitions of the Gateway"
    ):
        check_kinds([config(), route], KINDS)


def test_a_kind_that_comes_along_is_not_missing() -> None:
    definition = {
        "apiVersion": "v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Thing"}, "versions": [{"name": "v1"}]},
    }
    thing = {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}}
    check_kinds([definition, thing], {**KINDS, ("v1", "CustomResourceDefinition"): ("crds", False)})


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        ({}, "somebody else"),
        ({"app.kubernetes.io/managed-by": "Helm"}, "Helm"),
        ({**OURS, "flowscale.ai/environment": "staging"}, "project studio in environment staging"),
    ],
)
def test_a_name_that_others_took_is_told_with_its_owner(labels: dict[str, str], owner: str) -> None:
    with pytest.raises(NameClash, match=f"ConfigMap here/x is in the cluster already and belongs to {owner}"):
        check_names([config()], {PATH: {"x": labels}}, KINDS)


def test_our_own_objects_do_not_clash() -> None:
    check_names([config()], {PATH: {"x": OURS, "y": {}}}, KINDS)
