"""The git program in one folder: only what is asked for is committed, and nobody's settings change what it does."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from flowscale_runtime.repository.errors import NoGit

SECONDS = 60
_ALWAYS = ("-c", "commit.gpgsign=false", "-c", "core.quotepath=false", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str = "FlowScale"
    email: str = "flowscale@localhost"


@dataclass(frozen=True, slots=True)
class Git:
    """A work tree that `folder` lies in."""

    folder: Path

    def __call__(self, *words: str, author: Author | None = None) -> str:
        """What git says. Raises NoGit."""
        who = author or Author()
        named = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", who.name), ("EMAIL", who.email))
        }
        try:
            done = subprocess.run(  # noqa: S603  words are ours, names stand behind `--`
                ["git", *_ALWAYS, *words],  # noqa: S607
                cwd=self.folder,
                env=os.environ | named | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"},
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            raise NoGit("git is not installed: workflows are kept in it") from error
        except subprocess.TimeoutExpired as error:
            raise NoGit(f"git {words[0]} took longer than {SECONDS} seconds") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise NoGit(f"git {words[0]}: {said or f'ended with {done.returncode}'}")
        return done.stdout.decode(errors="replace")

    def ready(self) -> None:
        """Makes a repository where the folder is in none. Raises NoGit."""
        try:
            self("rev-parse", "--is-inside-work-tree")
        except NoGit:
            self("init", "--quiet", "--initial-branch", "main")

    def commit(self, paths: list[Path], message: str, author: Author) -> str | None:
        """Commits these files alone, whatever else is staged; the new commit, or None where nothing changed."""
        names = [str(path) for path in paths]
        self("add", "--all", "--force", "--", *names)
        if not self("status", "--porcelain", "--", *names).strip():
            return None
        self("commit", "--quiet", "--message", message, "--only", "--", *names, author=author)
        return self("rev-parse", "HEAD").strip()
