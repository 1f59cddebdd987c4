"""Environments in several clusters: what each target sees, and what its stack is called."""

import pytest

from flowscale_specs import ResolvedProject, parse, resolve
from flowscale_stacks.reading.errors import UnknownTarget
from flowscale_stacks.reading.targets import for_target, stack_name, target_names

SPECS = b"""
kind: Workflow
metadata: {name: hello}
spec: {source: workflow.json, version: 1.0.0}
---
kind: Environment
metadata: {name: production}
spec:
  namespace: studio
  domain: studio.example.com
  targets:
    - eu
    - {name: us, cluster: us-west, namespace: studio-us, domain: us.example.com, region: us-west}
---
kind: Environment
metadata: {name: development}
spec: {cluster: kind}
"""


def project(environment: str | None) -> ResolvedProject:
    return resolve(parse(SPECS), environment)


def test_an_environment_has_the_targets_that_it_names_or_just_itself() -> None:
    assert target_names(project("production")) == ("eu", "us")
    assert target_names(project("development")) == (None,)
    assert target_names(project(None)) == (None,)


def test_a_target_overrides_cluster_namespace_and_domain() -> None:
    eu, us = (for_target(project("production"), name).target for name in ("eu", "us"))
    assert eu is not None
    assert us is not None
    assert (eu.cluster, eu.namespace, eu.domain) == ("eu", "studio", "studio.example.com")
    assert (us.cluster, us.namespace, us.domain) == ("us-west", "studio-us", "us.example.com")
    assert us.targets == ()


def test_a_project_without_targets_stays_as_it_is() -> None:
    assert for_target(project("development"), None) == project("development")


@pytest.mark.parametrize(("environment", "target"), [("production", "asia"), ("production", None)])
def test_an_unknown_target_is_told_with_those_that_are_known(environment: str, target: str | None) -> None:
    with pytest.raises(UnknownTarget, match="its targets are eu, us: name one of them"):
        for_target(project(environment), target)


def test_targets_of_the_same_name_are_refused() -> None:
    twice = SPECS.replace(b"name: us,", b"name: eu,")
    with pytest.raises(Exception, match="two targets are called eu"):
        resolve(parse(twice), "production")


@pytest.mark.parametrize(
    ("environment", "target", "name"),
    [(None, None, "default"), ("production", None, "production"), ("production", "eu", "production.eu")],
)
def test_a_stack_is_named_by_environment_and_target(
    environment: str | None, target: str | None, name: str
) -> None:
    assert stack_name(environment, target) == name
