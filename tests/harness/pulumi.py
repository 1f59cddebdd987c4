"""A real Pulumi engine in a folder of its own: state, passphrase, and plugins that stand in for those it would fetch.

`FLOWSCALE_TEST_PULUMI=real` takes the plugins that are installed instead.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.programs import program

TESTS = Path(__file__).resolve().parents[1]
STANDINS = {
    "pulumi-resource-kubernetes": "harness.standins.provider",
    "pulumi-language-python": "harness.standins.language",
}
PASSPHRASE = "correct horse battery staple"


@dataclass(frozen=True)
class Pulumi:
    """The engine, and what it keeps."""

    folder: Path
    kubeconfig: Path

    def __post_init__(self) -> None:
        for name in ("bin", "home", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "bin" / "pulumi").symlink_to(program("pulumi"))
        if os.environ.get("FLOWSCALE_TEST_PULUMI") != "real":
            for name, module in STANDINS.items():
                command = f'PYTHONPATH="{TESTS}" exec "{sys.executable}" -m {module} "$@"'
                _write(self.folder / "bin" / name, f"#!/bin/sh\n{command}\n")

    @property
    def backend(self) -> str:
        """Where the state is."""
        return f"file://{self.folder / 'state'}"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find all this."""
        places = (str(self.folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
        return {
            "PATH": os.pathsep.join(places),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": self.backend,
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "KUBECONFIG": str(self.kubeconfig),
        }

    def run(
        self, *words: str, folder: Path, check: bool = True, extra: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Runs `pulumi` as in a shell."""
        environment = {**os.environ, **self.environment, **(extra or {})}
        command = ["pulumi", "--non-interactive", *words]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, f"pulumi {' '.join(words)}: {done.stdout}{done.stderr}"
        return done


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
