"""Who may do what: roles, members, grants."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from flowscale_specs import ResolvedProject, SpecErrors, resolve
from flowscale_specs.rights import ROLES, SCOPES, Grant, grants, strongest

Loaded = Callable[..., object]


def project(loaded: Loaded, spec: str) -> ResolvedProject:
    return resolve(loaded(f"kind: Project\nspec: {spec}\n"))


def test_each_role_may_more_than_the_one_before() -> None:
    sets = [set(ROLES[name]) for name in ("viewer", "contributor", "admin", "owner")]
    assert all(less < more for less, more in pairwise(sets))
    assert sets[-1] == set(SCOPES)


def test_members_have_built_in_roles_and_those_of_the_project(loaded: Loaded) -> None:
    found = project(
        loaded,
        "{roles: {auditor: ['audit:read']}, members: [{name: a, role: auditor}, {name: b, role: viewer}]}",
    )
    assert grants(found.members, found.roles) == {
        "a": Grant(frozenset({"audit:read"})),
        "b": Grant(frozenset(ROLES["viewer"])),
    }


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("{members: [{name: a, role: admn}]}", "did you mean admin?"),
        ("{roles: {owner: ['runs:read']}}", "built-in role"),
        ("{roles: {auditor: ['audit:reed']}}", "audit:read"),
        ("{members: [{name: a}, {name: a, role: admin}]}", "named twice"),
        ("{members: [{name: a, deployments: [portrait]}]}", "there is no WorkflowDeployment portrait"),
    ],
)
def test_what_makes_no_sense_is_refused(loaded: Loaded, spec: str, said: str) -> None:
    with pytest.raises(SpecErrors) as errors:
        project(loaded, spec)
    assert said in str(errors.value)


def test_of_several_grants_the_widest_counts() -> None:
    whole, few = Grant(frozenset({"runs:read"})), Grant(frozenset(SCOPES), ("portrait",))
    more = Grant(frozenset({"runs:read", "runs:execute"}))
    assert strongest([few, whole, more]) == more
    assert strongest([]) is None
