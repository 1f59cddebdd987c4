"""Who may reach whom, computed from the objects: nothing that isn't listed here."""

from pathlib import Path

import pytest
import yaml

from flowscale_stacks.plan.reaching import OUTSIDE, Way, ways, workloads
from stacks import compiling

EXAMPLE = Path(__file__).parents[3] / "examples/01-photo-upscale/kubernetes.yaml"


def part(name):
    """A workload without what tells one of its kind from another: executors and jobs have digests in their names."""
    return next((each for each in ("executor", "keys") if name.startswith(each)), name)


def inside(objects):
    return {
        (part(way.source), part(way.target), way.port)
        for way in ways(objects)
        if OUTSIDE not in (way.source, way.target)
    }


def outside(objects):
    found = {}
    for way in ways(objects):
        if OUTSIDE in (way.source, way.target):
            name = f"from {part(way.source)}" if way.target == OUTSIDE else f"to {part(way.target)}"
            found.setdefault(name, set()).add((way.port, way.peer))
    return found


NAMES = {(53, "namespace kube-system"), (53, "169.254.20.10/32")}
WEB = {(80, "the internet"), (443, "the internet")}
API = {(443, "0.0.0.0/0"), (6443, "0.0.0.0/0")}


def test_with_stores_of_ones_own_only_controllers_call_the_gateway():
    objects = list(yaml.safe_load_all(EXAMPLE.read_text()))
    assert inside(objects) == {("controllers", "gateway", 8000)}
    stores = {(5432, "0.0.0.0/0"), (443, "0.0.0.0/0")}
    assert outside(objects) == {
        "to gateway": {(8000, "everybody"), (8001, "everybody")},
        "from gateway": NAMES | WEB | API | stores,
        "from executor": NAMES | WEB | stores,
        "from controllers": NAMES | API,
        "from keys": NAMES | API,
    }


def test_bundled_stores_are_reached_by_those_that_need_them_alone():
    assert inside(compiling.compiled(compiling.small())) == {
        ("controllers", "gateway", 8000),
        ("gateway", "database", 5432),
        ("gateway", "objects", 7070),
        ("executor", "database", 5432),
        ("executor", "objects", 7070),
    }


@pytest.mark.parametrize("environment", ["production", "staging", "preview", "edge"])
def test_nobody_reaches_an_executor(environment):
    objects = compiling.compiled(compiling.complete(environment))
    assert not [way for way in ways(objects) if part(way.target) == "executor"]
    assert {part(way.source) for way in ways(objects) if way.target == "gateway"} <= {
        "controllers",
        OUTSIDE,
    }


def test_without_policies_everything_is_open():
    objects = [each for each in compiling.compiled(compiling.complete()) if each["kind"] != "NetworkPolicy"]
    pods = workloads(objects)
    expected = {
        Way(one.name, other.name, port)
        for one in pods
        for other in pods
        if one != other
        for port in other.ports
    }
    assert set(ways(objects)) == expected
