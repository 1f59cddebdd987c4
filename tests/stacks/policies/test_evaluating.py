"""Rules are told as a person needs them: which rule, which deployment, what to do."""

import pytest

from flowscale_specs import SpecErrors, parse, resolve
from flowscale_specs.rules import RuleError, compile_rule
from flowscale_stacks.policies import Finding, evaluate
from flowscale_stacks.policies.evaluating import broken
from stacks import compiling
from stacks.policies.corpus import resource


def policies(text):
    return compiling.small(text).policies


def policy(rule, **more):
    body = "".join(f"  {key}: {value}\n" for key, value in more.items())
    return f"kind: Policy\nmetadata: {{name: few}}\nspec:\n  rule: {rule}\n  message: Take fewer.\n{body}"


def test_a_broken_rule_is_found_with_its_id_and_message():
    rules = policies(policy("deployment.scaling.max <= 4"))

    found = evaluate(rules, [resource("plain"), resource("rich")], None, "plan")

    assert found == (Finding(rule="few", deployment="rich", effect="deny", message="Take fewer."),)


def test_a_rule_without_a_value_counts_as_broken_and_says_why():
    rules = policies(policy("deployment.scaling.latency < 30"))

    (found,) = evaluate(rules, [resource("plain")], None, "ci")

    assert found.message == 'Take fewer. (the rule has no value here: Key not found in map : "latency")'


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        ("{names: [hello]}", set()),
        ("{labels: {tier: gold}}", set()),
        ("{}", {"rich"}),
    ],
)
def test_rules_are_only_for_what_they_select(selection, names):
    rules = policies(policy("deployment.scaling.max <= 4", **{"for": selection}))

    found = evaluate(rules, [resource("rich")], None, "plan")

    assert {finding.deployment for finding in found} == names


def test_rules_are_evaluated_only_when_they_say():
    rules = policies(policy("false", at="[ci]"))

    assert evaluate(rules, [resource("plain")], None, "plan") == ()
    assert len(evaluate(rules, [resource("plain")], None, "ci")) == 1


def test_approval_names_who_is_asked():
    rules = policies(policy("false", effect="approve", approval="[ada@example.com]"))

    (found,) = evaluate(rules, [resource("plain")], None, "plan")

    assert (found.effect, found.approvers) == ("approve", ("ada@example.com",))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("deployment.", "Syntax error"),
        ("invented == 1", "undeclared reference to 'invented'"),
        ("1 + 'a' == 2", "no matching overload"),
        ("quantity('1Gi').isGreaterThan(quantity('1Mi'))", "undeclared reference to 'quantity'"),
        ("deployment.auth.required", "isn't true or false"),
    ],
)
def test_a_rule_that_is_not_core_cel_is_an_error_of_the_spec(rule, told):
    text = f'kind: Policy\nmetadata: {{name: few}}\nspec:\n  message: No.\n  rule: "{rule}"\n'

    with pytest.raises(SpecErrors) as raised:
        resolve(parse(text.encode()))

    (error,) = raised.value.errors
    assert (error.line, error.column) == (5, 9)
    assert error.pointer == "spec.rule"
    assert told in error.message


def test_the_place_in_a_rule_is_told():
    with pytest.raises(RuleError) as raised:
        compile_rule("deployment.scaling.max <= 4 &&\n  invented")

    assert (raised.value.line, raised.value.column) == (2, 3)


def test_broken_tells_kept_from_broken_and_from_without_value():
    assert broken("true", resource("plain")) is None
    assert broken("false", resource("plain")) == ""
    assert broken("deployment.invented == 1", resource("plain")).startswith("the rule has no value here")
