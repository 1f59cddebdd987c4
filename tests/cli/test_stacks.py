"""Verbs on stacks, as far as they get without a cluster: what is wrong is told in a line, with the right exit code."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowscale_cli import stacks
from flowscale_cli.errors import CliError, SpecsWrong, Unreachable, UsageError
from flowscale_stacks.operations import errors
from flowscale_stacks.operations.changes import Change
from flowscale_stacks.reading.errors import ClusterUnreachable, CredentialsRefused, NotPinned
from harness.spec_folders import write

VERBS = ("up", "preview", "drift", "refresh", "rollback", "history", "destroy")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "specs", {"test": "test"})


@pytest.mark.parametrize("verb", VERBS)
def test_a_machine_without_pulumi_is_told_how_to_get_it(
    flowscale: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    words = ["--yes"] if verb in ("up", "rollback", "destroy") else []
    done = flowscale(verb, folder, "-e", "test", *words)
    assert done.code == 1
    assert "https://www.pulumi.com/docs/install" in done.err


@pytest.mark.parametrize("verb", VERBS)
def test_wrong_specs_end_every_verb(flowscale: Callable[..., Any], tmp_path: Path, verb: str) -> None:
    (tmp_path / "flowscale.yaml").write_text("kind: Workflow\nspec: {sauce: x.json}\n")
    done = flowscale(verb, tmp_path)
    assert (done.code, "flowscale.yaml:2" in done.err) == (3, True)


def test_an_unknown_target_is_wrong_specs(flowscale: Callable[..., Any], folder: Path) -> None:
    done = flowscale("preview", folder, "-e", "test", "--target", "eu")
    assert (done.code, "it has no targets" in done.err) == (3, True)


@pytest.mark.parametrize("text", ["gateway", "=x", "gateway="])
def test_an_image_is_a_pair(flowscale: Callable[..., Any], folder: Path, text: str) -> None:
    done = flowscale("preview", folder, "-e", "test", "--image", text)
    assert (done.code, "write NAME=REFERENCE" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotPinned("x"), SpecsWrong),
        (ClusterUnreachable("x"), Unreachable),
        (CredentialsRefused("x"), Unreachable),
        (errors.StateUnreachable("x"), Unreachable),
        (errors.Refused("x"), CliError),
        (errors.StackLocked("x"), CliError),
    ],
)
def test_errors_end_the_command_as_their_kind_says(error: Exception, kind: type[CliError]) -> None:
    with pytest.raises(kind) as caught, stacks.told():
        raise error
    assert type(caught.value) is kind


def test_nobody_is_asked_where_nobody_is() -> None:
    stacks.confirm("Go on?", yes=True)
    with pytest.raises(UsageError, match="give --yes"):
        stacks.confirm("Go on?", yes=False)


def test_changes_are_summed_up() -> None:
    changes = [Change("create", "A", "a"), Change("update", "B", "b"), Change("create", "C", "c")]
    assert stacks.summary(changes) == "2 create, 1 update"
    assert stacks.summary([]) == "no changes"
    assert (
        str(Change("update", "Deployment", "gateway", ("spec.replicas",)))
        == "~ update Deployment gateway: spec.replicas"
    )


def test_git_sync_needs_its_settings(
    flowscale: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FLOWSCALE_FORGE_TOKEN", raising=False)
    done = flowscale("gitops", "--repo", "https://example.com/a/b", "--forge", "github")
    assert (done.code, "set FLOWSCALE_FORGE_TOKEN" in done.err) == (2, True)
    done = flowscale("gitops", "--repo", "https://example.com/a/b", "--signers", tmp_path / "none")
    assert (done.code, "there is no file" in done.err) == (2, True)
