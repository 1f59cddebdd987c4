"""The shape of the tree: documented modules, functions that fit on a screen, files with one subject."""

import ast
import statistics
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("specs", "stacks", "runtime", "controllers", "jobs", "cli", "sdk/python", "scripts/lib")
LONGEST_FUNCTION = 80
LONGEST_FILE = 500
MEDIAN_FILE = 160


def modules() -> list[Path]:
    found = (path for source in SOURCES for path in (ROOT / source).rglob("*.py"))
    return sorted(path for path in found if not {"templates", "node_modules"} & set(path.parts))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_every_module_says_first_why_it_exists() -> None:
    silent = [
        named(path)
        for path in modules()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{named(path)}:{node.lineno} {node.name} has {lines(node)} lines"
        for path in modules()
        for node in functions(path)
        if lines(node) > LONGEST_FUNCTION and "migrations" not in path.parts
    ]
    assert long == []


def test_files_keep_to_one_subject() -> None:
    sizes = {named(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: size for name, size in sizes.items() if size > LONGEST_FILE} == {}
    assert statistics.median(size for size in sizes.values() if size) <= MEDIAN_FILE


def test_nothing_is_left_to_do_in_comments() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "X" + "XX")
    left = [
        f"{named(path)}:{number}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "#" in line
        and any(mark in line.split("#", 1)[1].split() for mark in (*marks, *(f"{m}:" for m in marks)))
    ]
    assert left == []


def test_typed_packages_say_so() -> None:
    packages = [
        path.parent
        for path in modules()
        if path.name == "__init__.py"
        and path.parent.parent.name in ("specs", "stacks", "runtime", "controllers", "jobs", "cli", "python")
    ]
    assert packages
    assert [named(package) for package in packages if not (package / "py.typed").exists()] == []


@pytest.mark.parametrize("pyproject", ["pyproject.toml", "sdk/python/pyproject.toml"])
def test_the_newest_changelog_heading_is_the_version(pyproject: str) -> None:
    version = tomllib.loads((ROOT / pyproject).read_text())["project"]["version"]
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## [")]
    released = [heading for heading in headings if heading != "## [Unreleased]"]
    assert released[0].startswith(f"## [{version}]")
