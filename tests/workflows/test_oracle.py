"""Our conversion held against the real frontend's, template by template, to the last input and title."""

import importlib.util
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.async_api import Error

from flowscale_runtime.nodes import packs
from flowscale_workflows.conversion import to_api

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
EXACT = 0.98
SAMPLE = 12
Json = dict[str, Any]


@pytest.fixture(scope="module")
def given() -> tuple[dict[str, Json], Json]:
    """The templates, and the definitions that both sides read: ours, and those learned from the files."""
    if importlib.util.find_spec("comfyui_workflow_templates_json") is None:
        pytest.skip("comfyui-workflow-templates-json is not installed")
    from harness import frontend

    ours = dict(packs.load([]).definitions)
    workflows = frontend.templates()
    return workflows, ours | frontend.learned(workflows.values(), ours)


async def test_a_sample_comes_out_as_in_the_frontend(given: Any, capsys: Any) -> None:
    names = list(given[0])
    with capsys.disabled():
        await hold(given, names[:: len(names) // SAMPLE])


async def test_all_templates_come_out_as_in_the_frontend(given: Any, capsys: Any) -> None:
    with capsys.disabled():
        await hold(given, list(given[0]))


async def hold(given: Any, names: list[str]) -> None:
    """Converts these templates on both sides, and prints how many are equal: at least 98 of 100; the others are listed.

    Those that the frontend can't convert without a whole server (3D canvases are uploaded first) don't count.
    """
    from harness import frontend

    workflows, definitions = given
    report: dict[str, list[str]] = {}
    failing: dict[str, str] = {}
    async with frontend.editor(definitions) as page:
        for name in names:
            try:
                wanted = await frontend.converted(page, workflows[name])
            except Error as error:
                failing[name] = str(error).splitlines()[0]
                continue
            if told := list(differences(wanted, to_api(workflows[name], definitions))):
                report[name] = told
    assert len(failing) <= len(names) * 0.05 + 1, f"the frontend itself fails on {failing}"
    exact = 1 - len(report) / (len(names) - len(failing))
    sys.stdout.write(
        f"\n{exact:.1%} equal, the frontend fails on {len(failing)}, others: {', '.join(report)}\n"
    )
    listed = "\n".join(f"{name}: {'; '.join(told[:3])}" for name, told in report.items())
    assert exact >= EXACT, f"{exact:.1%} of {len(names)} are equal; these are not:\n{listed}"


def differences(wanted: Mapping[str, Json], found: Mapping[str, Json]) -> Iterator[str]:
    """What isn't as wanted: nodes, classes, titles, inputs."""
    for node_id in dict.fromkeys([*wanted, *found]):
        one, other = wanted.get(node_id), found.get(node_id)
        if one is None or other is None:
            yield f"{node_id} is {'missing' if other is None else 'too much'}"
            continue
        for wish, answer in zip(called(one), called(other), strict=True):
            if wish != answer:
                yield f"{node_id}: {wish!r}, not {answer!r}"
        for name in dict.fromkeys([*one["inputs"], *other["inputs"]]):
            pair = one["inputs"].get(name, "nothing"), other["inputs"].get(name, "nothing")
            if pair[0] != pair[1]:
                yield f"{node_id} {name}: {pair[0]!r}, not {pair[1]!r}"


def called(node: Json) -> tuple[str, Any]:
    """Class and title; the frontend also notes the pack and its version beside the title, which nothing reads."""
    return node["class_type"], (node.get("_meta") or {}).get("title")
