"""Objects as resources of an engine that is played by Pulumi's own mocks: types, order, secrets, transforms."""

import asyncio
import contextvars
import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pulumi.runtime
import pytest
from pulumi.runtime.stack import run_pulumi_func
from pulumi_kubernetes import apps, core, rbac
from pulumi_kubernetes.apiextensions import CustomResource

from flowscale_stacks.components import Project, ProjectArgs
from flowscale_stacks.components.resources import resource_class

LABEL = "flowscale.ai/deployment"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "here"}}
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "namespace": "here"},
    "stringData": {"value": "tops3cret"},
}
ACCOUNT = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "a", "namespace": "here", "labels": {LABEL: "a"}},
}


class Recorder(pulumi.runtime.Mocks):
    """Remembers what the program registered, in order."""

    def __init__(self) -> None:
        self.seen: list[pulumi.runtime.MockResourceArgs] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.seen.append(args)
        return f"{args.name}-id", dict(args.inputs)

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        raise AssertionError(f"nothing is asked of a provider: {args.token}")

    @property
    def objects(self) -> "list[pulumi.runtime.MockResourceArgs]":
        """Those that are no components."""
        return [each for each in self.seen if each.typ.startswith("kubernetes:")]

    @property
    def types(self) -> list[tuple[str, str]]:
        return [(each.typ, each.name) for each in self.objects]


pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(autouse=True, scope="module")
def loops_collected() -> Iterator[None]:
    """The mocks open an event loop in each thread that they answer in, and never close it: not for later tests to find."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for _ in range(3):
            gc.collect()


def played(program: Callable[[], Any]) -> tuple[Recorder, Any]:
    """Runs a program against a recorder; answers with it and what the program returned."""
    recorder, kept = Recorder(), []

    async def run() -> None:
        pulumi.runtime.set_mocks(recorder, preview=False)
        await run_pulumi_func(lambda: kept.append(program()))

    with asyncio.Runner() as runner:
        runner.run(run(), context=contextvars.copy_context())
    return recorder, kept[0]


@pytest.mark.parametrize(
    ("version", "kind", "found"),
    [
        ("v1", "ConfigMap", core.v1.ConfigMap),
        ("apps/v1", "Deployment", apps.v1.Deployment),
        ("rbac.authorization.k8s.io/v1", "Role", rbac.v1.Role),
        ("flowscale.ai/v1", "WorkflowDeployment", None),
        ("apps.example.com/v1", "Deployment", None),
        ("v1", "NoSuchKind", None),
        ("policy/v99", "PodDisruptionBudget", None),
    ],
)
def test_a_kind_has_its_own_class_or_none(version: str, kind: str, found: Any) -> None:
    assert resource_class(version, kind) is found


def test_a_project_is_a_tree_of_components() -> None:
    recorder, project = played(lambda: Project("studio", ProjectArgs(objects=[ACCOUNT, NAMESPACE])))
    assert recorder.types == [
        ("kubernetes:core/v1:Namespace", "here"),
        ("kubernetes:core/v1:ServiceAccount", "a"),
    ]
    assert list(project.resources) == ["Namespace/here"]
    assert list(project.deployments["a"].resources) == ["ServiceAccount/a"]


def test_a_secret_is_sealed_before_it_leaves_the_program() -> None:
    recorder, _ = played(lambda: Project("studio", ProjectArgs(objects=[SECRET])))
    assert recorder.objects[-1].inputs["stringData"] == {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        "value": {"value": "tops3cret"},
    }


def test_a_transform_changes_objects_and_leaves_them_out() -> None:
    def transform(each: dict[str, Any]) -> dict[str, Any] | None:
        if each["kind"] == "Secret":
            return None
        return {**each, "metadata": {**each["metadata"], "annotations": {"team": "studio"}}}

    arguments = ProjectArgs(objects=[NAMESPACE, SECRET], transform=transform)
    recorder, project = played(lambda: Project("studio", arguments))
    assert [each.inputs["metadata"]["annotations"] for each in recorder.objects] == [{"team": "studio"}]
    assert list(project.resources) == ["Namespace/here"]


def test_a_kind_that_a_definition_brought_is_a_custom_resource() -> None:
    own = {
        "apiVersion": "flowscale.ai/v1",
        "kind": "Budget",
        "metadata": {"name": "b", "namespace": "here"},
        "spec": {"limit": 1},
    }
    recorder, project = played(lambda: Project("studio", ProjectArgs(objects=[own])))
    assert isinstance(project.resources["Budget/b"], CustomResource)
    assert recorder.types == [("kubernetes:flowscale.ai/v1:Budget", "b")]
    assert recorder.objects[0].inputs["spec"] == {"limit": 1}
