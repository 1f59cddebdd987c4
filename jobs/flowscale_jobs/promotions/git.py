"""Writing what was promoted to git: a commit on the branch that is checked out, or on one of its own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flowscale_jobs.errors import PromotionFailed

AUTHOR = ("-c", "user.name=FlowScale", "-c", "user.email=flowscale@localhost")


@dataclass(frozen=True, slots=True)
class Repository:
    """The git repository that a folder is in."""

    folder: Path

    @classmethod
    def clone(cls, url: str, folder: Path, revision: str) -> Self:
        """A fresh clone, at a revision; one that is there already is brought up to date."""
        made = cls(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / ".git").exists():
            made._git("clone", "--quiet", url, ".")
        made._git("fetch", "--quiet", "origin")
        if revision != "HEAD":
            made._git("checkout", "--quiet", revision)
        return made

    def is_one(self) -> bool:
        """Whether the folder is in a repository."""
        return self._run("rev-parse", "--is-inside-work-tree").returncode == 0

    def commit(self, path: Path, message: str) -> str:
        """Commits one file and gives the commit's name; the commit before where nothing changed."""
        self._git("add", "--", str(path))
        if self._run("diff", "--cached", "--quiet", "--", str(path)).returncode:
            self._git(*AUTHOR, "commit", "--quiet", "--message", message, "--", str(path))
        return self._git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Goes to a branch, made here unless there is one."""
        known = self._run("rev-parse", "--verify", "--quiet", f"refs/heads/{name}").returncode == 0
        self._git("checkout", "--quiet", *(() if known else ("-b",)), name)

    def push(self, name: str) -> None:
        """Sends a branch to where the repository came from."""
        self._git("push", "--quiet", "--set-upstream", "origin", name)

    def _git(self, *words: str) -> str:
        done = self._run(*words)
        if done.returncode:
            raise PromotionFailed(f"git {words[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - words of ours
            ["git", *words],  # noqa: S607 - the user's own git
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
