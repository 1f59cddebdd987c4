"""Workflows as files in git: every change is a commit of that workflow alone, and comes back."""

import json
import subprocess
from pathlib import Path

import pytest

from flowscale_runtime.repository.errors import BadName, Exists, NoGit, NotThere
from flowscale_runtime.repository.git import Author
from flowscale_runtime.repository.naming import checked, document
from flowscale_runtime.repository.workflows import Workflows
from flowscale_specs import load, resolve

ADA = Author("Ada", "ada@example.com")


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflows:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    return Workflows(tmp_path)


def data(value: int) -> bytes:
    return json.dumps({"1": {"class_type": "EmptyImage", "inputs": {"width": value}}}).encode()


def test_saving_makes_a_spec_that_resolves_and_a_commit_with_its_author(saved: Workflows) -> None:
    commit = saved.save("Portraits/My Face", data(8), "Begin", ADA)
    [change] = saved.history("Portraits/My Face")
    assert (change.commit, change.author, change.message) == (commit, "Ada", "Begin")
    assert saved.names() == ["Portraits/My Face"]
    workflows = resolve(load(saved.root)).workflows
    assert list(workflows) == ["portraits-my-face"]
    assert saved.save("Portraits/My Face", data(8), "Again", ADA) is None


def test_a_workflow_comes_back_as_it_was(saved: Workflows) -> None:
    first = saved.save("a", data(1), author=ADA)
    saved.save("a", data(2), author=ADA)
    assert first
    assert saved.at("a", first) == data(1)
    saved.revert("a", first[:8], ADA)
    assert saved.existing("a").read_bytes() == data(1)
    messages = [change.message for change in saved.history("a")]
    assert messages == [f"Revert workflow a to {first[:10]}", "Change workflow a", "Add workflow a"]


def test_only_the_workflow_is_committed_whatever_else_is_staged(saved: Workflows) -> None:
    saved.save("a", data(1))
    (saved.root / "mine.txt").write_text("not yet")
    saved.git("add", "mine.txt")
    saved.save("a", data(2))
    assert saved.git("show", "--stat", "--format=", "HEAD").count("mine.txt") == 0
    assert saved.git("status", "--porcelain").split() == ["A", "mine.txt"]


def test_deploying_adds_a_deployment_once(saved: Workflows) -> None:
    saved.save("a", data(1))
    assert saved.deploy("a")
    assert saved.deploy("a") is None
    assert list(resolve(load(saved.root)).deployments) == ["a"]


def test_moving_and_removing_are_commits_too(saved: Workflows) -> None:
    saved.save("a", data(1))
    saved.save("b", data(2))
    with pytest.raises(Exists):
        saved.move("a", "b", overwrite=False)
    saved.move("a", "c/d")
    saved.remove("b")
    assert saved.names() == ["c/d"]
    assert saved.git("log", "-2", "--format=%s").splitlines() == [
        "Remove workflow b",
        "Rename workflow a to c/d",
    ]
    assert saved.git("status", "--porcelain") == ""


def test_branches_hold_versions_of_their_own(saved: Workflows) -> None:
    saved.save("a", data(1))
    saved.switch("try", create=True)
    saved.save("a", data(2))
    saved.switch("main")
    assert saved.existing("a").read_bytes() == data(1)
    assert saved.branches() == ("main", ["main", "try"])
    assert saved.at("a", "try") == data(2)
    with pytest.raises(NoGit):
        saved.switch("--orphan")


def test_a_folder_inside_a_repository_uses_that_one(tmp_path: Path, saved: Workflows) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path], check=True)
    inner = Workflows(tmp_path / "specs")
    inner.root.mkdir()
    commit = inner.save("a", data(1))
    assert commit
    assert not (inner.root / ".git").exists()
    assert inner.at("a", commit) == data(1)


@pytest.mark.parametrize("name", ["", "..", "a/../b", "/etc/passwd", ".git/config", "a\\b", "a\0b", "."])
def test_names_that_lead_elsewhere_are_refused(saved: Workflows, name: str) -> None:
    with pytest.raises(BadName):
        checked(name)
    with pytest.raises(BadName):
        saved.save(name, b"{}")


def test_what_isnt_there_says_so(saved: Workflows) -> None:
    saved.save("a", data(1))
    for ask in (
        lambda: saved.existing("b"),
        lambda: saved.at("a", "nonsense"),
        lambda: saved.at("b", "HEAD"),
        lambda: saved.at("a", "--help"),
        lambda: saved.remove("b"),
    ):
        with pytest.raises(NotThere):
            ask()
    assert saved.history("b") == []


@pytest.mark.parametrize(
    ("name", "called"),
    [("My Face", "my-face"), ("a/b", "a-b"), ("1st", "workflow-1st"), ("Ünï", "n"), ("日本", "workflow")],
)
def test_names_of_specs_are_plain(name: str, called: str) -> None:
    assert document(name) == called
