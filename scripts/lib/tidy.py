"""Finds what must not be in the repository: hosts of package registries, paths of one machine, keys.

usage: tidy.py [FILE...]     without files: every file that git tracks or would track
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]

# A character class in each pattern keeps it from finding itself.
HOSTS = (
    r"py[p]i\.org",
    r"pyth[o]nhosted\.org",
    r"npmj[s]\.org",
    r"pr[o]xy\.golang\.org",
    r"crat[e]s\.io",
    r"maven\.ap[a]che\.org",
    r"deb\.debi[a]n\.org",
)
RULES = {
    "a package registry's host": re.compile("|".join(HOSTS)),
    "a path of one machine": re.compile(r"(?<![\w.$}])/(?:r[o]ot|w[o]rk|h[o]me/(?!me\b|you\b)[a-z]+)/"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIV[A]TE KEY-----"),
}
SETTINGS = ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL", "NPM_CONFIG_REGISTRY", "GOPROXY")


def configured(environment: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """A rule for the registries that this machine is set up to use, whatever their names are."""
    values = (url for key in SETTINGS for url in re.split(r"[,|]", environment.get(key, "")))
    hosts = {host for url in values if (host := urlsplit(url).hostname)}
    pattern = re.compile("|".join(map(re.escape, hosts)))
    return {"the host of this machine's registry": pattern} if hosts else {}


def tracked() -> list[Path]:
    """Files of this repository, those not yet added too."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def findings(name: str, content: bytes, rules: Mapping[str, re.Pattern[str]]) -> Iterator[str]:
    """One line for each place in a text file that breaks a rule."""
    if b"\0" in content[:8192]:
        return
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        for what, pattern in rules.items():
            if hit := pattern.search(line):
                yield f"{name}:{number}: {what}: {hit.group()}"


def main(arguments: Iterable[str]) -> int:
    rules = RULES | configured(os.environ)
    files = [Path(name).resolve() for name in arguments] or tracked()
    named = ((os.path.relpath(path, ROOT), path.read_bytes()) for path in files)
    found = [line for name, content in named for line in findings(name, content, rules)]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
