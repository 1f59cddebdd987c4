"""The templates that come with the command: spec folders that run without weights."""

from dataclasses import dataclass
from pathlib import Path

from flowscale_cli.errors import UsageError

ROOT = Path(__file__).parent / "templates"
DEFAULT = "hello"


@dataclass(frozen=True, slots=True)
class Template:
    """A spec and its workflow, as they are written into a new folder."""

    name: str
    spec: str
    workflow: str

    @property
    def description(self) -> str:
        """What it does, in a line."""
        line = next(line for line in self.spec.splitlines() if line.startswith("  description: "))
        return line.removeprefix("  description: ").strip("'\"")

    def renamed(self, name: str) -> str:
        """The spec for a workflow and a deployment of another name."""
        lines = (f"metadata: {{name: {self.name}}}", f"spec: {{workflow: {self.name}}}")
        spec = self.spec
        for line in lines:
            spec = spec.replace(line, line.replace(self.name, name))
        return spec


def names() -> list[str]:
    """The names of all templates, in order."""
    return sorted(folder.name for folder in ROOT.iterdir() if (folder / "flowscale.yaml").is_file())


def find(name: str) -> Template:
    """A template. Raises UsageError that names the nearest."""
    if name not in names():
        from rapidfuzz import process  # only where a name is wrong

        near = process.extractOne(name, names(), score_cutoff=50)
        hint = f"did you mean {near[0]}?" if near else "`flowscale init --list` shows all"
        raise UsageError(f"there is no template {name!r}: {hint}")
    folder = ROOT / name
    return Template(name, (folder / "flowscale.yaml").read_text(), (folder / "workflow.json").read_text())
