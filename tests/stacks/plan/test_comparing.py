"""A plan says what changes, and nothing that others own."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowscale_stacks.plan import Change, FieldChange, compare
from flowscale_stacks.plan.changes import ABSENT, shown
from stacks import compiling

OBJECTS = compiling.compiled(compiling.complete())


def copy(objects=OBJECTS):
    return json.loads(json.dumps(objects))


def deployment(**spec):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": spec}


def pods(*containers):
    return deployment(template={"spec": {"containers": list(containers)}})


def test_what_is_there_as_wanted_changes_nothing():
    assert compare(copy(), OBJECTS) == ()
    assert compare(copy(), OBJECTS, live=True) == ()


def test_additions_come_in_order_and_removals_in_reverse():
    names = [item["metadata"]["name"] for item in OBJECTS]

    assert [change.name for change in compare((), OBJECTS)] == names
    assert [change.name for change in compare(OBJECTS, ())] == names[::-1]
    assert {change.action for change in compare(OBJECTS, ())} == {"remove"}


def test_a_field_is_told_with_its_path_and_both_values():
    before = pods({"name": "worker", "image": "old"})
    after = pods({"name": "worker", "image": "new"})

    assert compare([before], [after]) == (
        Change(
            "change",
            "Deployment",
            "a",
            (FieldChange("spec.template.spec.containers[worker].image", "old", "new"),),
        ),
    )


def test_named_things_are_compared_by_name_whatever_their_order():
    one, two = {"name": "one", "image": "1"}, {"name": "two", "image": "2"}

    assert compare([pods(one, two)], [pods(two, one)]) == ()
    (change,) = compare([pods(one)], [pods(two, one)])
    assert change.fields == (FieldChange("spec.template.spec.containers[two]", ABSENT, two),)


def test_status_and_what_the_server_writes_never_count():
    live = copy()
    for item in live:
        item["status"] = {"replicas": 7}
        item["metadata"] |= {"uid": "1", "resourceVersion": "9", "managedFields": [], "generation": 3}
        item["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        item["metadata"].setdefault("annotations", {})["deployment.kubernetes.io/revision"] = "3"

    assert compare(live, OBJECTS, live=True) == ()


def test_replicas_that_controllers_chose_never_count():
    live = copy()
    for item in live:
        if item["kind"] == "Deployment":
            item["spec"].setdefault("replicas", 5)
            item["spec"]["template"]["spec"]["dnsPolicy"] = "ClusterFirst"

    assert compare(live, OBJECTS, live=True) == ()


def test_a_hand_edit_of_a_wanted_field_is_drift():
    live = copy()
    compiling.find(live, "Deployment", "controllers")["spec"]["replicas"] = 1

    (change,) = compare(live, OBJECTS, live=True)

    assert change.fields == (FieldChange("spec.replicas", 1, 2),)


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        ("Deployment", {"spec": {"selector": {"a": "1"}}}, {"spec": {"selector": {"a": "2"}}}),
        ("Job", {"spec": {"template": 1}}, {"spec": {"template": 2}}),
        ("RoleBinding", {"roleRef": {"name": "a"}}, {"roleRef": {"name": "b"}}),
    ],
)
def test_a_field_that_cannot_change_replaces_the_object(kind, before, after):
    common = {"kind": kind, "metadata": {"name": "a"}}

    (change,) = compare([{**common, **before}], [{**common, **after}])

    assert change.action == "replace"


def test_secrets_are_masked_and_still_tell_that_they_change():
    def secret(value):
        return {"kind": "Secret", "metadata": {"name": "a"}, "stringData": {"key": value}}

    (change,) = compare([secret("first-value")], [secret("second-value")])
    told = json.dumps([shown(change.fields[0].before), shown(change.fields[0].after)])

    assert "value" not in told
    assert len(set(json.loads(told))) == 2


def test_variables_that_are_called_secrets_are_masked():
    def worker(value):
        return pods({"name": "worker", "env": [{"name": "API_TOKEN", "value": value}]})

    (change,) = compare([worker("hunter2")], [worker("hunter3")])

    assert "hunter" not in str(change.fields)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="ab. /", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="ab./", min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(json_values, json_values)
def test_any_two_values_differ_exactly_when_fields_do(before, after):
    def item(value):
        return {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": value}

    changes = compare([item(before)], [item(after)])

    assert bool(changes) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
