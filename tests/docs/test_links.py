"""Links between pages lead somewhere, and every page is reached from the index."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def slug(heading: str) -> str:
    """The anchor that a heading gets when it is rendered."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(text: str) -> Iterator[str]:
    without_code = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    for found in LINK.finditer(without_code):
        if not re.match(r"[a-z]+:", found["target"]):
            yield found["target"]


def anchors(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    named = set(re.findall(r"<a id=\"([\w-]+)\">", text))
    return named | {slug(line.lstrip("#").strip()) for line in text.splitlines() if line.startswith("#")}


def test_links_resolve(documents: dict[Path, str]) -> None:
    broken = []
    for page, text in documents.items():
        for target in links(text):
            name, _, anchor = target.partition("#")
            other = (page.parent / name).resolve() if name else page
            if not other.exists() or (anchor and other.suffix == ".md" and anchor not in anchors(other)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "docs/index.md"]
    while waiting:
        page = waiting.pop()
        if (
            page in reached
            or page.suffix != ".md"
            or not page.is_relative_to(ROOT / "docs")
            or not page.exists()
        ):
            continue
        reached.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in links(page.read_text())]
    assert set((ROOT / "docs").rglob("*.md")) - reached == set()
