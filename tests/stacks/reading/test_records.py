"""Rollbacks as decisions: what was served before, and how long a rollback stands."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs import ResolvedProject, parse, resolve
from flowscale_stacks.reading.records import Hold, Record, Served, earlier, held, standing, wanted

HUNDRED = Decimal(100)


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


def served(version: str, letter: str) -> Served:
    return Served("hello", ((version, HUNDRED),), ((version, digest(letter)),))


ONE, TWO, THREE = served("1.0.0", "1"), served("2.0.0", "2"), served("3.0.0", "3")
texts = st.text("abc.-0123456789", min_size=1, max_size=6)
some_served = st.builds(
    Served,
    texts,
    st.dictionaries(texts, st.decimals(0, 100, allow_nan=False)).map(lambda of: tuple(of.items())),
    st.dictionaries(texts, texts).map(lambda of: tuple(of.items())),
)


def record(**deployments: Served) -> Record:
    return Record(deployments, {})


def project(version: str = "2.0.0") -> ResolvedProject:
    text = f"kind: Workflow\nmetadata: {{name: hello}}\nspec: {{source: workflow.json, version: {version}}}\n"
    return resolve(parse(text.encode()))


@given(
    st.builds(
        Record,
        st.dictionaries(texts, some_served),
        st.dictionaries(texts, st.builds(Hold, some_served, some_served)),
    )
)
def test_a_record_is_read_back_as_it_was(written: Record) -> None:
    assert Record.from_json(written.to_json()) == written


def test_what_is_wanted_is_read_from_specs_and_releases() -> None:
    assert wanted(project(), {"hello": {"2.0.0": digest("2"), "1.0.0": digest("1")}}) == {"hello": TWO}


def test_going_back_takes_the_newest_record_that_differs() -> None:
    records = [record(hello=THREE), record(hello=TWO), record(hello=ONE)]
    assert earlier(records, "hello", THREE) == TWO
    assert earlier(records, "hello", THREE, "1111") == ONE
    assert earlier(records, "hello", THREE, digest("2")) == TWO
    assert earlier(records, "hello", THREE, "9") is None
    assert earlier(records, "other", THREE) is None


def test_a_rollback_stands_until_git_names_something_else() -> None:
    holds = {"hello": Hold(instead_of=TWO, serve=ONE)}
    assert standing(holds, {"hello": TWO}) == holds
    assert standing(holds, {"hello": THREE}) == {}
    assert standing(holds, {}) == {}


def test_a_hold_puts_traffic_and_digests_in_place_of_those_of_git() -> None:
    releases: Any = {"hello": {"2.0.0": digest("2")}}
    changed, merged = held(project(), releases, {"hello": Hold(TWO, ONE)})
    assert changed.deployments["hello"].traffic == (("1.0.0", HUNDRED),)
    assert merged == {"hello": {"2.0.0": digest("2"), "1.0.0": digest("1")}}
    assert wanted(changed, merged) == {"hello": ONE}
