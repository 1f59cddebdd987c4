"""What tests of the documentation share: its pages, their headings and their code."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]+)\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Fence:
    """A block of code in a page: `words` is its language and what follows it."""

    page: Path
    line: int
    words: tuple[str, ...]
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """README, the pages beside it, docs, and the READMEs of examples."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")])


def fences_of(page: Path) -> list[Fence]:
    text = page.read_text()
    return [
        Fence(page, text.count("\n", 0, found.start()) + 1, tuple(found["info"].split()), found["code"])
        for found in FENCE.finditer(text)
    ]


@pytest.fixture(scope="session")
def fences() -> list[Fence]:
    return [fence for page in pages() for fence in fences_of(page)]


@pytest.fixture(scope="session")
def documents() -> dict[Path, str]:
    return {page: page.read_text() for page in pages()}


@pytest.fixture(scope="session")
def headings(documents: dict[Path, str]) -> dict[str, set[str]]:
    """Headings of each page of docs/, code marks taken off."""
    return {
        page.relative_to(ROOT / "docs").as_posix(): {
            line.lstrip("#").strip().replace("`", "")
            for line in prose(text).splitlines()
            if line.startswith("#")
        }
        for page, text in documents.items()
        if page.is_relative_to(ROOT / "docs")
    }


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return FENCE.sub("", text)
