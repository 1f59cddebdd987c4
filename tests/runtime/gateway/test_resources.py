"""What a gateway serves of a cluster's resources: releases by digest, live weights, nothing that was rolled back."""

import asyncio
import hashlib
import json
from decimal import Decimal
from types import SimpleNamespace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightkube import AsyncClient
from lightkube.config.kubeconfig import KubeConfig

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.gateway.resources import ResourceWatch, Unservable, mirrored, weights
from flowscale_runtime.stores.objects import FolderObjects
from flowscale_specs import load, resolve
from flowscale_specs.resources import budget_resource_of, definitions, resource_of

SPEC = """
apiVersion: flowscale.ai/v1
kind: Workflow
metadata: {name: echo}
spec: {source: echo.json, version: 2.0.0}
---
apiVersion: flowscale.ai/v1
kind: WorkflowDeployment
metadata: {name: echo}
spec: {workflow: echo, traffic: {1.0.0: 75%, 2.0.0: 25%}, budget: all}
---
apiVersion: flowscale.ai/v1
kind: Budget
metadata: {name: all}
spec: {limit: $5/day}
"""


def known(traffic, releases):
    """A resource that was read, as far as weights go."""
    spec = SimpleNamespace(traffic=tuple((version, Decimal(percent)) for version, percent in traffic.items()))
    return SimpleNamespace(deployment=spec, releases=releases)


TWO = known({"2.0.0": 25, "1.0.0": 75}, {"1.0.0": "sha256:a", "2.0.0": "sha256:b"})


def test_until_controllers_say_otherwise_the_traffic_of_the_spec_holds():
    assert weights(TWO, {}) == [("2.0.0", 25.0), ("1.0.0", 75.0)]


def test_live_weights_replace_those_of_the_spec():
    assert weights(TWO, {"weights": {"1.0.0": 90, "2.0.0": 10}}) == [("2.0.0", 10.0), ("1.0.0", 90.0)]
    assert weights(TWO, {"weights": {"1.0.0": 100, "2.0.0": 0}}) == [("1.0.0", 100.0)]


def test_a_release_that_was_rolled_back_gets_nothing_whatever_the_weights_say():
    status = {"weights": {"1.0.0": 1, "2.0.0": 99}, "rolledBack": [{"digest": "sha256:b"}]}
    assert weights(TWO, status) == [("1.0.0", 100.0)]


def test_where_every_release_was_rolled_back_nothing_is_served():
    back = [{"digest": "sha256:a"}, {"digest": "sha256:b"}]
    with pytest.raises(Unservable, match="rolled back"):
        weights(TWO, {"rolledBack": back})


def test_a_version_that_is_tried_with_copies_is_told_with_its_share():
    rollout = {"candidate": "2.0.0", "evidence": {"mirror": 10}}
    assert mirrored(TWO, {"rollout": rollout}) == ("2.0.0", 10.0)
    assert mirrored(TWO, {}) is None
    assert mirrored(TWO, {"rollout": {"candidate": "2.0.0", "evidence": {"mirror": 0}}}) is None
    assert mirrored(TWO, {"rollout": rollout, "rolledBack": [{"digest": "sha256:b"}]}) is None
    assert mirrored(TWO, {"rollout": rollout | {"candidate": "9.9.9"}}) is None


@given(
    st.dictionaries(st.sampled_from(["1.0.0", "2.0.0", "9.9.9"]), st.integers(0, 100)),
    st.sets(st.sampled_from(["sha256:a", "sha256:b"]), max_size=1),
)
def test_shares_add_up_to_all_of_the_traffic(live, back):
    found = weights(TWO, {"weights": live, "rolledBack": [{"digest": digest} for digest in back]})
    assert sum(percent for _, percent in found) == pytest.approx(100)
    assert not {TWO.releases[version] for version, _ in found} & back


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flowscale.yaml").write_text(SPEC)
    (tmp_path / "echo.json").write_text("{}")
    return resolve(load(tmp_path), None)


@pytest.fixture
async def cluster(control_plane, project, tmp_path):
    """A watch of a namespace whose deployment has two releases in the store."""
    control_plane.install(definitions())
    namespace, objects = control_plane.namespace("gateway"), FolderObjects(tmp_path / "objects")
    bundle = {"graph": {}, "definitions": {}, "interface": {"inputs": [], "outputs": []}}
    digests = {
        version: f"sha256:{objects.put(orjson.dumps(bundle | {'version': version}))}"
        for version in ("1.0.0", "2.0.0")
    }
    resources = [resource_of(project, "echo", {"echo": digests}), budget_resource_of(project, "all")]
    for resource in resources:
        resource["metadata"]["namespace"] = namespace
    control_plane.apply(resources)
    config = KubeConfig.from_file(control_plane.kubeconfig)
    client = AsyncClient(config=config, namespace=namespace)
    watch = ResourceWatch(namespace, objects, Environment("shared"), client)
    yield SimpleNamespace(watch=watch, api=control_plane, namespace=namespace, digests=digests)
    await watch.close()


def patch_status(cluster, status):
    words = ("patch", "wfd", "echo", "-n", cluster.namespace, "--subresource", "status", "--type", "merge")
    cluster.api.kubectl(*words, "-p", json.dumps({"status": status}))


def shares(catalog):
    return {version.version: version.percent for version in catalog.deployments["echo"].versions}


@pytest.mark.services
@pytest.mark.timeout(600)
async def test_a_gateway_follows_resources_weights_and_rollbacks_of_a_real_api(cluster):
    catalogs = cluster.watch.catalogs()
    catalog = await anext(catalogs)
    echo = catalog.deployments["echo"]
    assert (catalog.problems, shares(catalog)) == ((), {"2.0.0": 25.0, "1.0.0": 75.0})
    assert {version.version: version.digest for version in echo.versions} == cluster.digests
    assert [(budget.name, budget.limit) for budget in echo.budgets] == [("all", 5_000_000)]

    await asyncio.to_thread(patch_status, cluster, {"weights": {"1.0.0": 90, "2.0.0": 10}})
    assert shares(await anext(catalogs)) == {"2.0.0": 10.0, "1.0.0": 90.0}

    rollout = {"candidate": "2.0.0", "digest": cluster.digests["2.0.0"], "evidence": {"mirror": 20.0}}
    await asyncio.to_thread(
        patch_status, cluster, {"weights": {"1.0.0": 100, "2.0.0": 0}, "rollout": rollout}
    )
    catalog = await anext(catalogs)
    mirror = catalog.deployments["echo"].mirror
    assert (shares(catalog), mirror.version.version, mirror.percent) == ({"1.0.0": 100.0}, "2.0.0", 20.0)

    back = [{"digest": cluster.digests["2.0.0"], "at": "2026-01-01T00:00:00Z", "reason": "errors"}]
    await asyncio.to_thread(patch_status, cluster, {"rolledBack": back})
    assert shares(await anext(catalogs)) == {"1.0.0": 100.0}

    await asyncio.to_thread(cluster.api.kubectl, "delete", "wfd", "echo", "-n", cluster.namespace)
    assert (await anext(catalogs)).deployments == {}
    await catalogs.aclose()


@pytest.mark.services
@pytest.mark.timeout(600)
async def test_a_release_that_is_not_in_the_store_is_told_and_the_rest_is_served(cluster, project):
    missing = {"1.0.0": "sha256:" + "0" * 64, "2.0.0": "sha256:" + "1" * 64}
    resource = resource_of(project, "echo", {"echo": missing})
    resource["metadata"] |= {"namespace": cluster.namespace, "name": "broken"}
    cluster.api.apply([resource])
    catalogs = cluster.watch.catalogs()
    catalog = await anext(catalogs)
    assert list(catalog.deployments) == ["echo"]
    assert catalog.problems == (f"broken: no object {'1' * 64}",)
    await catalogs.aclose()


@pytest.mark.services
@pytest.mark.timeout(600)
async def test_a_release_that_reaches_the_store_after_its_resource_is_served(cluster, project):
    bundle = orjson.dumps(
        {"graph": {}, "definitions": {}, "interface": {"inputs": [], "outputs": []}, "version": "late"}
    )
    digest = f"sha256:{hashlib.sha256(bundle).hexdigest()}"
    resource = resource_of(project, "echo", {"echo": {"1.0.0": digest, "2.0.0": digest}})
    resource["metadata"] |= {"namespace": cluster.namespace, "name": "late"}
    cluster.api.apply([resource])
    catalogs = cluster.watch.catalogs()
    assert "late" not in (await anext(catalogs)).deployments
    assert "late" not in (await anext(catalogs)).deployments
    cluster.watch.objects.put(bundle)
    catalog = await anext(catalogs)
    assert (list(catalog.deployments), catalog.problems) == (["echo", "late"], ())
    await catalogs.aclose()
