"""A branch followed with the `git` program: heads, files of commits, signatures, what can be wrong."""

import shutil
import subprocess
from pathlib import Path

import pytest

from flowscale_stacks.gitops.errors import (
    GitMissing,
    NoSuchBranch,
    NoSuchFolder,
    RepositoryUnreachable,
    Unsigned,
)
from flowscale_stacks.gitops.repository import Repository
from harness.git_work import ALONE, Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


def followed(work: Work, tmp_path: Path, signers: Path | None = None, branch: str = "main") -> Repository:
    return Repository(
        url=f"file://{work.bare}", branch=branch, home=tmp_path / "home", signers=signers, variables=ALONE
    )


def test_the_head_and_the_files_of_each_commit_are_there(work: Work, tmp_path: Path) -> None:
    repository = followed(work, tmp_path)
    first = work.push("one")
    assert repository.head() == first
    folder = repository.checkout(first, "specs")
    second = work.push("two")
    assert repository.head() == second
    assert (repository.checkout(second, "specs") / "flowscale.yaml").read_text() == "two"
    assert (folder / "flowscale.yaml").read_text() == "one"


def test_files_that_are_not_needed_are_forgotten_and_come_back_when_they_are(
    work: Work, tmp_path: Path
) -> None:
    repository = followed(work, tmp_path)
    commits = [work.push("one"), work.push("two")]
    folders = [repository.checkout(commit, ".") for commit in commits]
    repository.forget(frozenset({commits[1]}))
    assert [folder.exists() for folder in folders] == [False, True]
    assert (repository.checkout(commits[0], "specs") / "flowscale.yaml").read_text() == "one"


def test_a_missing_branch_is_told(work: Work, tmp_path: Path) -> None:
    work.push("one")
    with pytest.raises(NoSuchBranch, match="has no branch release"):
        followed(work, tmp_path, branch="release").head()


def test_a_missing_repository_is_told(work: Work, tmp_path: Path) -> None:
    shutil.rmtree(work.bare)
    with pytest.raises(RepositoryUnreachable, match=r"specs\.git"):
        followed(work, tmp_path).head()


@pytest.mark.parametrize("path", ["elsewhere", "../..", "specs/flowscale.yaml"])
def test_a_folder_that_is_not_in_the_commit_is_told(work: Work, tmp_path: Path, path: str) -> None:
    commit = work.push("one")
    with pytest.raises(NoSuchFolder, match="has no folder"):
        followed(work, tmp_path).checkout(commit, path)


def test_only_commits_signed_by_a_known_key_are_taken(work: Work, tmp_path: Path) -> None:
    keys = [tmp_path / "ann", tmp_path / "eve"]
    for key in keys:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    signers = tmp_path / "allowed_signers"
    signers.write_text(f"ann@example.com {keys[0].with_suffix('.pub').read_text()}")
    repository = followed(work, tmp_path, signers)

    def signing(key: Path) -> tuple[str, ...]:
        return "-c", "gpg.format=ssh", "-c", f"user.signingkey={key}", "-c", "commit.gpgsign=true"

    signed = work.push("signed", *signing(keys[0]))
    assert (repository.checkout(signed, "specs") / "flowscale.yaml").read_text() == "signed"
    for commit in (work.push("unsigned"), work.push("by eve", *signing(keys[1]))):
        with pytest.raises(Unsigned, match=f"commit {commit[:12]}"):
            repository.checkout(commit, "specs")


def test_a_machine_without_git_is_told(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitMissing, match="install it"):
        followed(work, tmp_path).head()
