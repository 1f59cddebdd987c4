"""A branch of a git repository, followed with the `git` program: what it is at, its files, who signed it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowscale_stacks.gitops.errors import (
    GitError,
    GitMissing,
    NoSuchBranch,
    NoSuchFolder,
    RepositoryUnreachable,
    Unsigned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A branch, and a folder for clones of it. Credentials are git's own: helpers, ssh, `GIT_*` variables."""

    url: str
    branch: str
    home: Path
    signers: Path | None = None
    """Who may sign (`allowed_signers`); None where signatures aren't looked at, and keys of gpg count beside them."""
    variables: Mapping[str, str] = field(default_factory=dict)

    def head(self) -> str:
        """The commit that the branch is at now. Raises GitError."""
        said = self._git("ls-remote", "--exit-code", self.url, f"refs/heads/{self.branch}", missing_is=2)
        if said is None:
            raise NoSuchBranch(f"{self.url} has no branch {self.branch}")
        return said.split()[0]

    def checkout(self, commit: str, path: str) -> Path:
        """The folder `path` at a commit, as files; signed if that is asked for. Raises GitError."""
        self._fetch(commit)
        if self.signers is not None:
            self._verify(commit)
        tree = self.home / "trees" / commit
        if not tree.exists():
            self._run("worktree", "prune")
            self._run("worktree", "add", "--detach", "--force", str(tree), commit)
        folder = (tree / path).resolve()
        if not folder.is_relative_to(tree.resolve()) or not folder.is_dir():
            raise NoSuchFolder(f"commit {commit[:12]} of {self.url} has no folder {path}")
        return folder

    def forget(self, keep: frozenset[str]) -> None:
        """Removes the files of commits that aren't needed any more."""
        trees = self.home / "trees"
        for tree in trees.iterdir() if trees.is_dir() else ():
            if tree.name not in keep:
                self._run("worktree", "remove", "--force", str(tree))

    def _fetch(self, commit: str) -> None:
        if not (self._store / "HEAD").exists():
            self.home.mkdir(parents=True, exist_ok=True)
            self._git("init", "--quiet", "--bare", str(self._store))
        known = self._git("-C", str(self._store), "cat-file", "-e", f"{commit}^{{commit}}", missing_is=128)
        if known is None:
            self._run(
                "fetch", "--quiet", "--no-tags", self.url, f"+refs/heads/{self.branch}:refs/heads/followed"
            )

    def _verify(self, commit: str) -> None:
        words = ("-c", f"gpg.ssh.allowedSignersFile={self.signers}", "verify-commit", commit)
        try:
            self._run(*words)
        except GitError as error:
            raise Unsigned(
                f"commit {commit[:12]} of {self.url} has no signature of a key in {self.signers}: sign it, or add its "
                "author's key"
            ) from error

    def _run(self, *words: str) -> str:
        return self._git("-C", str(self._store), *words) or ""

    @property
    def _store(self) -> Path:
        return self.home / "store.git"

    def _git(self, *words: str, missing_is: int | None = None) -> str | None:
        """What git prints; None where it ends with the code that says that something is missing."""
        program = shutil.which("git")
        if program is None:
            raise GitMissing("the program `git` is not on PATH: install it")
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
        try:
            done = subprocess.run(  # noqa: S603  the words are ours, and no shell reads them
                [program, *words],
                env={**quiet, **os.environ, **self.variables},
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise RepositoryUnreachable(f"{self.url} doesn't answer within {_SECONDS:.0f} s") from error
        if missing_is is not None and done.returncode == missing_is:
            return None
        if done.returncode:
            raise RepositoryUnreachable(
                f"{self.url}: {done.stderr.strip() or f'git ended with {done.returncode}'}"
            )
        return done.stdout
