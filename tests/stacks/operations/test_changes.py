"""Events of the engine as changes: what counts, what is noise, which fields differ."""

from typing import Any

import pytest
from pulumi.automation import EngineEvent

from flowscale_stacks.operations.changes import Change, Step, complaint, step, unique


def event(kind: str, op: str, old: Any = None, new: Any = None, **rest: Any) -> EngineEvent:
    def state(inputs: Any) -> Any:
        return None if inputs is None else {**known, "id": "x", "parent": "", "inputs": inputs}

    urn = "urn:pulumi:test::studio::flowscale:stack:Project$kubernetes:apps/v1:Deployment::gateway"
    known = {"type": "kubernetes:apps/v1:Deployment", "urn": urn, "provider": "p", **rest}
    metadata = {**known, "op": op, "old": state(old), "new": state(new)}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}})


def change(operation: str, *fields: str) -> Change:
    return Change(operation, "Deployment", "gateway", fields)


def test_a_change_is_told_with_the_fields_that_differ() -> None:
    found = step(event("resourcePreEvent", "update", {"spec": {"a": 1, "b": 1}}, {"spec": {"a": 2, "b": 1}}))
    assert found == Step("begun", change("update", "spec.a"))
    assert str(change("update", "spec.a")) == "~ update Deployment gateway: spec.a"


def test_what_is_created_has_no_fields() -> None:
    assert step(event("resourcePreEvent", "create", None, {"spec": 1})) == Step("begun", change("create"))


def test_both_halves_of_a_replacement_are_one_change() -> None:
    halves = [
        step(event("resourcePreEvent", op)) for op in ("delete-replaced", "create-replacement", "replace")
    ]
    assert unique([half.change for half in halves if half]) == (change("replace"),)


@pytest.mark.parametrize("op", ["same", "refresh", "read"])
def test_what_changes_nothing_is_not_told(op: str) -> None:
    assert step(event("resourcePreEvent", op)) is None


def test_a_status_that_the_server_wrote_is_no_drift() -> None:
    assert step(event("resOutputsEvent", "update", {"spec": 1}, {"spec": 1})) is None
    drifted = step(event("resOutputsEvent", "update", {"spec": 1}, {"spec": 2}))
    assert drifted == Step("done", change("update", "spec"))


def test_components_and_providers_are_not_told() -> None:
    assert step(event("resourcePreEvent", "create", type="flowscale:stack:Project")) is None
    assert step(event("resourcePreEvent", "create", type="pulumi:providers:kubernetes")) is None


def test_only_errors_are_complaints() -> None:
    def said(severity: str) -> EngineEvent:
        body = {"message": "m", "color": "never", "severity": severity}
        return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": body})

    assert complaint(said("error")) == "m"
    assert complaint(said("warning")) is None
