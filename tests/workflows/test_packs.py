"""Which packs a workflow needs, by what its nodes say and by a map of class names."""

from typing import Any

from flowscale_workflows.packs import Pack, needed


def node(kind: str, **properties: Any) -> dict[str, Any]:
    return {"id": 1, "type": kind, "properties": properties}


def test_packs_are_found_by_what_nodes_say_inside_subgraphs_too() -> None:
    inner = {"id": "sub", "nodes": [node("Deep", aux_id="ada/deep-nodes", ver="abc123")]}
    outer = {"id": "outer", "nodes": [node("sub"), node("Mid", cnr_id="mid-pack", ver="1.2.0")]}
    outer["definitions"] = {"subgraphs": [inner]}
    ui = {
        "nodes": [node("outer"), node("Top", cnr_id="mid-pack", ver="1.2.0"), node("Note"), node("Reroute")],
        "definitions": {"subgraphs": [outer]},
        "links": [],
    }
    found = needed(ui, {})
    assert found.packs == (
        Pack("https://github.com/ada/deep-nodes", "abc123", ("Deep",), here=False),
        Pack("mid-pack", "1.2.0", ("Mid", "Top"), here=False),
    )
    assert (found.unknown, found.ambiguous) == ((), ())


def test_classes_that_say_nothing_are_looked_up_and_those_that_are_here_need_nothing() -> None:
    graph = {
        str(at): {"class_type": kind, "inputs": {}} for at, kind in enumerate(["Here", "One", "Two", "None"])
    }
    claims = {"One": ["https://example.com/one"], "Two": ["https://example.com/a", "https://example.com/b"]}
    found = needed(graph, {"Here": {}}, claims)
    assert found.packs == (Pack("https://example.com/one", "", ("One",), here=False),)
    assert found.unknown == ("None",)
    assert found.ambiguous == (("Two", ("https://example.com/a", "https://example.com/b")),)


def test_core_is_needed_only_for_what_isnt_here() -> None:
    ui = {
        "nodes": [node("SaveImage", cnr_id="comfy-core"), node("KSampler", cnr_id="comfy-core", ver="0.3")],
        "links": [],
    }
    assert needed(ui, {"SaveImage": {}}).packs == (Pack("comfy-core", "0.3", ("KSampler",), here=False),)


def test_nodes_in_group_nodes_count_too() -> None:
    ui = {
        "nodes": [node("workflow>Mine")],
        "links": [],
        "extra": {"groupNodes": {"Mine": {"nodes": [node("Inner", cnr_id="p", ver="1")]}}},
    }
    assert needed(ui, {}).packs == (Pack("p", "1", ("Inner",), here=False),)
