"""A bare git repository and a clone that pushes to it, without the settings of whoever runs the tests."""

import os
import subprocess
from pathlib import Path

ALONE = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.com",
}


class Work:
    """A bare repository, and a clone that pushes to it."""

    def __init__(self, folder: Path) -> None:
        self.bare, self.clone = folder / "specs.git", folder / "clone"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.bare), at=folder)
        self.git("clone", "--quiet", str(self.bare), str(self.clone), at=folder)
        self.git("checkout", "--quiet", "-B", "main")

    def git(self, *words: str, at: Path | None = None) -> str:
        """What a git command prints; run in the clone unless said."""
        return subprocess.run(
            ["git", *words],
            cwd=at or self.clone,
            env={**os.environ, **ALONE},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def push(self, text: str, *words: str) -> str:
        """Pushes a commit with one file of specs; answers with its hash. `words` come before `commit`."""
        (self.clone / "specs").mkdir(exist_ok=True)
        (self.clone / "specs" / "flowscale.yaml").write_text(text)
        return self.push_all(text, *words)

    def push_all(self, message: str = "change", *words: str) -> str:
        """Pushes a commit of all that is in the clone; answers with its hash."""
        self.git("add", ".")
        self.git(*words, "commit", "--quiet", "-m", message)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")
