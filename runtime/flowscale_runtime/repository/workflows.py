"""The workflows of a spec folder: each a folder of `workflow.json` and `flowscale.yaml`, each change a commit."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from flowscale_runtime.repository.errors import Exists, NoGit, NotThere
from flowscale_runtime.repository.git import Author, Git
from flowscale_runtime.repository.naming import FOLDER, SOURCE, SPEC, checked, deployment, spec

MOST = 200
_FIELDS = "%H%x1f%an%x1f%at%x1f%s"


@dataclass(frozen=True, slots=True)
class Change:
    """One commit that changed a workflow; `at` in seconds since the epoch."""

    commit: str
    author: str
    at: int
    message: str


@dataclass(frozen=True, slots=True)
class Workflows:
    """The saved workflows below a folder of specs. One change happens at a time."""

    root: Path
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def git(self) -> Git:
        """Git, where the folder is."""
        return Git(self.root)

    def names(self) -> list[str]:
        """All workflows by name."""
        base = self.root / FOLDER
        found = base.rglob(SOURCE) if base.is_dir() else ()
        return sorted(path.parent.relative_to(base).as_posix() for path in found)

    def file(self, name: str) -> Path:
        """Where the workflow of this name is, or would be. Raises BadName."""
        return self.root / FOLDER / checked(name) / SOURCE

    def existing(self, name: str) -> Path:
        """Where it is. Raises NotThere or BadName."""
        path = self.file(name)
        if not path.is_file():
            raise NotThere(f"there is no workflow {name!r}")
        return path

    def save(self, name: str, data: bytes, message: str = "", author: Author | None = None) -> str | None:
        """Keeps a workflow; the commit, or None where nothing changed. Raises RepositoryError."""
        path = self.file(name)
        with self._turn:
            self.git.ready()
            known = path.is_file()
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, data)
            if not (path.parent / SPEC).exists():
                _write(path.parent / SPEC, spec(name).encode())
            told = message or f"{'Change' if known else 'Add'} workflow {name}"
            return self.git.commit([path.parent], told, author or Author())

    def deploy(self, name: str, author: Author | None = None) -> str | None:
        """Adds a deployment to the workflow's spec unless it has one; the commit. Raises RepositoryError."""
        path = self.existing(name).parent / SPEC
        with self._turn:
            text = path.read_text()
            if "kind: WorkflowDeployment" in text:
                return None
            _write(path, f"{text.rstrip()}\n{deployment(name)}".encode())
            return self.git.commit([path], f"Serve workflow {name}", author or Author())

    def remove(self, name: str, author: Author | None = None) -> None:
        """Takes a workflow out, with its spec; git keeps what it was. Raises RepositoryError."""
        folder = self.existing(name).parent
        with self._turn:
            self.git.ready()
            shutil.rmtree(folder)
            self._committed([folder], f"Remove workflow {name}", author)

    def move(self, name: str, to: str, author: Author | None = None, *, overwrite: bool = True) -> None:
        """Gives a workflow another name; its spec keeps the one that it has. Raises RepositoryError."""
        source, target = self.existing(name).parent, self.file(to).parent
        if target.exists() and not overwrite:
            raise Exists(f"there is a workflow {to!r} already")
        with self._turn:
            self.git.ready()
            if target.exists():
                shutil.rmtree(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            self._committed([source, target], f"Rename workflow {name} to {to}", author)

    def history(self, name: str, most: int = MOST) -> list[Change]:
        """The commits that changed a workflow, the newest first. Raises RepositoryError."""
        path = self.file(name)
        try:
            told = self.git("log", f"--max-count={most}", f"--format={_FIELDS}", "--", str(path.parent))
        except NoGit:
            return []  # no repository yet, or no commit in it
        return list(_changes(told))

    def at(self, name: str, commit: str) -> bytes:
        """The workflow as a commit has it. Raises RepositoryError."""
        path = self.file(name).relative_to(self.root)
        known = self.commit(commit)
        try:
            return self.git("show", f"{known}:./{path.as_posix()}").encode()
        except NoGit as error:
            raise NotThere(f"commit {commit} has no workflow {name!r}") from error

    def commit(self, reference: str) -> str:
        """The whole id of a commit, branch or tag. Raises NotThere."""
        try:
            return self.git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"
            ).strip()
        except NoGit as error:
            raise NotThere(f"there is no commit {reference!r}") from error

    def revert(self, name: str, commit: str, author: Author | None = None) -> str | None:
        """Makes a workflow what it was at a commit, as a new commit. Raises RepositoryError."""
        known = self.commit(commit)
        data = self.at(name, known)
        return self.save(name, data, f"Revert workflow {name} to {known[:10]}", author)

    def branches(self) -> tuple[str, list[str]]:
        """The branch that is worked on, and all of them. Raises NoGit."""
        self.git.ready()
        current = self.git("symbolic-ref", "--short", "HEAD").strip()
        listed = self.git("branch", "--format=%(refname:short)").split()
        return current, sorted({current, *listed})

    def switch(self, branch: str, *, create: bool = False) -> None:
        """Works on another branch; changes that aren't committed are never lost. Raises NoGit."""
        with self._turn:
            self.git.ready()
            self.git("check-ref-format", "--branch", branch)  # so that it is no option
            self.git("switch", "--quiet", *(("--create",) if create else ()), branch)

    def _committed(self, folders: list[Path], message: str, author: Author | None) -> None:
        tracked = [folder for folder in folders if folder.exists() or self.git("ls-files", "--", str(folder))]
        if tracked:
            self.git.commit(tracked, message, author or Author())


def _changes(told: str) -> Iterator[Change]:
    for line in told.splitlines():
        commit, author, at, message = line.split("\x1f", 3)
        yield Change(commit, author, int(at), message)


def _write(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(data)
    aside.rename(path)
