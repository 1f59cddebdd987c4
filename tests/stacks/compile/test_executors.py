"""Executors: one for each deployment, GPU type and environment of releases, as each GPU type wants it."""

from dataclasses import replace

import pytest

from flowscale_specs.releases import Release
from flowscale_stacks.compile import compile_project
from flowscale_stacks.compile.gpus import devices, memory
from stacks import compiling

GPUS = """
kind: GpuType
metadata: {name: shared}
spec: {memory: 24Gi, price: $0.20/h, resource: nvidia.com/gpu.shared, timeSlicing: 4, nodeSelector: {gpu: l4}}
---
kind: GpuType
metadata: {name: slice}
spec: {memory: 80Gi, price: $0.60/h, mig: 1g.10gb}
---
kind: GpuType
metadata: {name: four}
spec: {memory: 80Gi, price: $16.00/h, count: 4}
---
"""


def executors(objects):
    return [item for item in objects if item["metadata"]["labels"].get("app.kubernetes.io/name") == "executor"
            and item["kind"] == "Deployment"]  # fmt: skip


def one(text="kind: WorkflowDeployment\nspec: {}\n"):
    project = compiling.small(text)
    (found,) = executors(compiling.compiled(project))
    return project, found


def worker(executor):
    (container,) = executor["spec"]["template"]["spec"]["containers"]
    return container


@pytest.mark.parametrize(
    ("gpu", "asked"),
    [
        ("CPU", {}),
        ("L4", {"nvidia.com/gpu": 1}),
        ("shared", {"nvidia.com/gpu.shared": 1}),
        ("slice", {"nvidia.com/mig-1g.10gb": 1}),
        ("four", {"nvidia.com/gpu": 4}),
    ],
)
def test_each_gpu_type_asks_for_its_devices(gpu, asked):
    project, executor = one(f"{GPUS}kind: WorkflowDeployment\nspec: {{gpu: {gpu}}}\n")
    told = worker(executor)["resources"]

    assert devices(project.gpus[gpu]) == asked
    assert {name: told["limits"][name] for name in asked} == {name: str(n) for name, n in asked.items()}
    assert {name: told["requests"][name] for name in asked} == {name: str(n) for name, n in asked.items()}
    assert f"-{gpu.lower()}-" in executor["metadata"]["name"]


def test_pods_are_placed_where_their_gpu_is():
    _, executor = one(f"{GPUS}kind: WorkflowDeployment\nspec: {{gpu: shared}}\n")
    _, other = one("kind: WorkflowDeployment\nspec: {gpu: H100}\n")

    assert executor["spec"]["template"]["spec"]["nodeSelector"] == {"gpu": "l4"}
    assert other["spec"]["template"]["spec"]["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]


def test_memory_is_what_a_run_may_use_or_what_its_gpu_has_and_room_for_the_process():
    project, _ = one("kind: WorkflowDeployment\nspec: {gpu: L4}\n")
    limited, _ = one("kind: WorkflowDeployment\nspec: {gpu: L4, limits: {memory: 8Gi}}\n")

    assert memory(project.deployments["hello"]) == "28Gi"
    assert memory(limited.deployments["hello"]) == "12Gi"


def test_a_pod_ends_after_its_longest_run():
    _, executor = one("kind: WorkflowDeployment\nspec: {limits: {timeout: 90.5s}}\n")

    assert executor["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 151
    assert worker(executor)["args"][:5] == ["worker", "--deployment", "hello", "--grace", "91"]


def test_a_pod_is_ready_when_its_worker_says_so():
    _, executor = one("kind: WorkflowDeployment\n")
    container = worker(executor)

    assert container["args"][-2:] == ["--health", "0.0.0.0:8000"]
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert container["ports"] == [{"name": "http", "containerPort": 8000, "protocol": "TCP"}]


def test_variables_are_written_and_secrets_named():
    _, executor = one(
        "kind: WorkflowDeployment\nspec: {variables: {MODE: fast}, secrets: {HF_TOKEN: {secret: hub/token}}}\n"
    )
    told = {variable["name"]: variable for variable in worker(executor)["env"]}

    assert told["MODE"]["value"] == "fast"
    assert told["HF_TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "hub", "key": "token"}}


def two_versions(**wheels):
    """The executors of a deployment of two versions whose releases have these wheels."""
    project = compiling.complete()
    bundles = {
        digest: Release(graph={}, interface={}, wheels={"numpy": wheels[name]})
        for name, digest in (("old", compiling.OLD), ("new", compiling.NEW))
    }
    return executors(compile_project(project, compiling.RELEASES, compiling.IMAGES, bundles=bundles))


def test_releases_of_one_environment_share_pods():
    (executor,) = two_versions(old="1.26", new="1.26")

    assert executor["metadata"]["annotations"]["flowscale.ai/releases"] == (
        f"2.1.0={compiling.NEW},2.0.0={compiling.OLD}"
    )


def test_releases_of_other_environments_get_pods_of_their_own():
    first, second = two_versions(old="1.26", new="2.0")
    (alone,) = two_versions(old="2.0", new="2.0")

    assert {first["metadata"]["name"], second["metadata"]["name"]} > {alone["metadata"]["name"]}
    assert first["spec"]["selector"] != second["spec"]["selector"]


def test_another_image_is_another_environment():
    project = compiling.complete()
    images = replace(compiling.IMAGES, environments={"portrait": "registry.example.com/portrait:7"})

    (mine,) = executors(compile_project(project, compiling.RELEASES, images))
    (usual,) = executors(compile_project(project, compiling.RELEASES, compiling.IMAGES))

    assert worker(mine)["image"] == "registry.example.com/portrait:7"
    assert mine["metadata"]["name"] != usual["metadata"]["name"]


def test_a_new_release_of_the_same_environment_does_not_replace_pods():
    project = compiling.complete()
    (before,) = executors(compile_project(project, compiling.RELEASES, compiling.IMAGES))
    moved = {"portrait": {"2.0.0": compiling.NEW, "2.1.0": compiling.OLD}}
    (after,) = executors(compile_project(project, moved, compiling.IMAGES))

    assert before["spec"] == after["spec"]
    assert before["metadata"]["annotations"] != after["metadata"]["annotations"]


def test_the_quota_is_what_all_may_reach_and_one_more_for_each_while_it_is_updated():
    objects = compiling.compiled(
        compiling.small("kind: WorkflowDeployment\nspec: {gpu: L4, scaling: {max: 8}}\n")
    )

    assert compiling.find(objects, "ResourceQuota")["spec"]["hard"] == {"requests.nvidia.com/gpu": "9"}


def test_nothing_on_a_gpu_needs_no_quota():
    assert "ResourceQuota" not in compiling.kinds(compiling.compiled(compiling.small()))


def test_where_comfyui_servers_compute_pods_ask_for_no_gpu_and_may_reach_these():
    servers = "[http://gpu-1.lab:8188, https://gpu-2.lab/]"
    project = compiling.small(f"kind: WorkflowDeployment\nspec: {{gpu: H100, comfyui: {servers}}}\n")
    objects = compiling.compiled(project)
    (found,) = executors(objects)
    (policy,) = (
        item for item in objects if item["kind"] == "NetworkPolicy" and item["metadata"]["name"] == "executor"
    )

    assert {
        "name": "FLOWSCALE_COMFYUI_SERVERS",
        "value": "http://gpu-1.lab:8188 https://gpu-2.lab",
    } in worker(found)["env"]
    assert not [name for name in worker(found)["resources"]["limits"] if name.startswith("nvidia.com")]
    assert "tolerations" not in found["spec"]["template"]["spec"]
    assert not [item for item in objects if item["kind"] == "ResourceQuota"]
    assert [port["port"] for port in policy["spec"]["egress"][-1]["ports"]] == [443, 8188]
    assert project.deployments["hello"].limits.concurrency == 2
