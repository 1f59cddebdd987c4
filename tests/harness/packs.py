"""Node packs in git repositories of this machine, and a folder of wheels that uv finds what they require in."""

import os
import subprocess
import zipfile
from pathlib import Path

from harness.git_work import ALONE

PACK = """
import clash

class {name}:
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    CATEGORY = "test"

    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"text": ("STRING", {{"default": ""}})}}}}

    def go(self, text):
        return (f"{{text}}{name} {{clash.VERSION}};",)

NODE_CLASS_MAPPINGS = {{"{name}": {name}}}
"""


def wheel(folder: Path, name: str, version: str, *requires: str, body: str | None = None) -> Path:
    """A wheel of one module, which knows its version."""
    folder.mkdir(parents=True, exist_ok=True)
    about = f"{name}-{version}.dist-info"
    lines = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files = {
        f"{name}.py": body or f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{lines}",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{each},,\n" for each in (*files, f"{about}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in files.items():
            archive.writestr(zipfile.ZipInfo(each), text)
    return path


class Repository:
    """A git repository of one pack."""

    def __init__(self, folder: Path, name: str, **files: str) -> None:
        self.folder, self.name = folder / name, name
        self.folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit(**files)

    @property
    def source(self) -> str:
        return f"file://{self.folder}"

    def commit(self, **files: str) -> str:
        """Commits files, `__` in their names for a dot; the commit."""
        for name, text in files.items():
            path = self.folder / ("__init__.py" if name == "init" else name.replace("__", "."))
            path.write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env=os.environ | ALONE,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()
