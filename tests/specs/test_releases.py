"""Releases are known by the digest of bytes that are the same on every machine; the lock file names them."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs import CanonicalError, Documents, resolve
from flowscale_specs.releases import (
    Lock,
    Release,
    canonical,
    digest,
    digest_of,
    read_lock,
    render_lock,
    unpinned,
    wanted,
)

Faults = Callable[[Callable[[], object]], list[str]]
DIGEST = "sha256:" + "0f" * 32


def of_bits(bits: str) -> float:
    value: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return value


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("8000000000000001", "-5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("ffefffffffffffff", "-1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("c340000000000000", "-9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("44b52d02c7e14af7", "1.0000000000000001e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("41b3de4355555554", "333333333.33333325"),
        ("41b3de4355555555", "333333333.3333333"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_rfc_8785_says(bits: str, text: str) -> None:
    assert canonical(of_bits(bits)).decode() == text


def test_the_example_of_rfc_8785() -> None:
    value = json.loads(
        r'{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],'
        r' "string": "\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}'.replace(
            r"\'", "'"
        )
    )
    assert canonical(value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_keys_are_sorted_by_their_utf_16() -> None:
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(
        canonical(dict.fromkeys(keys, 0)), object_pairs_hook=lambda pairs: [key for key, _ in pairs]
    )
    assert written == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_large_whole_numbers_keep_all_digits() -> None:
    assert canonical([2**64 - 1, -(2**70)]) == b"[18446744073709551615,-1180591620717411303424]"


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, {1: 2}, object(), b"x", {"a": {1, 2}}, "\ud800", {"\ud800": 1}]
)
def test_what_json_cannot_say_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        canonical(value)


def test_deep_nesting_is_refused() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(CanonicalError, match="levels deep"):
        canonical(value)


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(value=_json)
def test_canonical_bytes_say_the_same_value(value: Any) -> None:
    again = json.loads(canonical(value))
    assert as_doubles(again) == as_doubles(value)
    assert canonical(again) == canonical(value)


def as_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(value=st.dictionaries(st.text(st.characters(codec="utf-8")), _json, max_size=6), data=st.data())
def test_the_order_of_keys_means_nothing(value: dict[str, Any], data: st.DataObject) -> None:
    shuffled = dict(data.draw(st.permutations(list(value.items()))))
    assert canonical(shuffled) == canonical(value)


RELEASE = Release(
    graph={
        "3": {
            "class_type": "KSampler",
            "inputs": {"seed": 18446744073709551615, "cfg": 8.0, "model": ["4", 0]},
        }
    },
    interface={"inputs": [{"name": "seed_3", "default": 1.5}], "outputs": []},
    definitions={"KSampler": {"display_name": "KSampler", "output": ["LATENT"]}},
    models={"checkpoints/a.safetensors": DIGEST},
    packs={"https://github.com/acme/nodes": "0123456789abcdef0123456789abcdef01234567"},
    wheels={"torch": "2.6.0"},
)


def test_a_digest_is_the_same_on_every_machine() -> None:
    assert digest(RELEASE) == "sha256:16560aa117f62665de97935f1d83c0fc54c34ce3dd0efb81123bbed0d89b75f2"
    assert digest_of(RELEASE.bundle()) == digest(RELEASE)


@pytest.mark.parametrize("part", ["graph", "interface", "definitions", "models", "packs", "wheels"])
def test_every_part_of_a_release_is_in_its_digest(part: str) -> None:
    import dataclasses

    assert digest(dataclasses.replace(RELEASE, **{part: {"changed": "x"}})) != digest(RELEASE)


def test_a_release_is_read_back_from_its_bundle() -> None:
    again = Release.from_json({**json.loads(RELEASE.bundle()), "later": 1})
    assert again == RELEASE
    assert digest(again) == digest(RELEASE)


LOCK = Lock(
    {
        "portrait": {"2.10.0": DIGEST, "2.9.0": DIGEST, "2.10.0-rc.1": DIGEST},
        "no": {"1.0.0": DIGEST},
        "empty": {},
    },
    {"executor": f"registry.example.com/executor@{DIGEST}", "12": "a b"},
)


def test_a_lock_is_written_in_an_order_that_makes_small_diffs() -> None:
    assert render_lock(LOCK).splitlines()[1:] == [
        "apiVersion: flowscale.ai/v1",
        "releases:",
        "  empty: {}",
        '  "no":',
        f"    1.0.0: {DIGEST}",
        "  portrait:",
        f"    2.9.0: {DIGEST}",
        f"    2.10.0-rc.1: {DIGEST}",
        f"    2.10.0: {DIGEST}",
        "images:",
        '  "12": "a b"',
        f"  executor: registry.example.com/executor@{DIGEST}",
    ]


_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)


@given(
    releases=st.dictionaries(
        st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?", fullmatch=True),
        st.dictionaries(st.sampled_from(["1.0.0", "1.10.0", "2.0.0-rc.1", "2.0.0+x"]), st.just(DIGEST)),
    ),
    images=st.dictionaries(_texts, _texts, max_size=3),
)
def test_a_lock_is_read_back(tmp_path_factory: pytest.TempPathFactory, releases: Any, images: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "flowscale.lock"
    path.write_text(render_lock(Lock(releases, images)), encoding="utf-8")
    assert read_lock(path) == Lock(releases, images)
    assert render_lock(read_lock(path)) == render_lock(Lock(releases, images))


def test_a_missing_lock_is_empty(tmp_path: Path) -> None:
    assert read_lock(tmp_path / "flowscale.lock") == Lock()
    assert render_lock(Lock()).splitlines()[1:] == [
        "apiVersion: flowscale.ai/v1",
        "releases: {}",
        "images: {}",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: not a lock file"),
        ("[]", "1:1: not a lock file"),
        ("releases: {a: {1.0.0: x}}", "1:23: releases.a.1.0.0: not a digest"),
        ("releases: {a: {x: y}}", "1:16: releases.a.x: 'x' is not a semantic version"),
        ("release: {}", "1:1: release: unknown key (did you mean releases?)"),
        ("releases: {a: {}, a: {}}", "1:19: releases.a: this key stands here twice"),
        ("<<<<<<< ours\nreleases: {}\n=======\n", "not YAML"),
    ],
)
def test_a_damaged_lock_is_told(tmp_path: Path, faults: Faults, text: str, told: str) -> None:
    path = tmp_path / "flowscale.lock"
    path.write_text(text)
    assert told in "\n".join(faults(lambda: read_lock(path)))


SPECS = (
    "kind: Workflow\nmetadata: {name: a}\nspec: {version: 2.1.0}\n---\nkind: WorkflowDeployment\nmetadata: {name: x}\n"
    "spec: {workflow: a, traffic: {2.0.0: 50%, 2.1.0: 50%}}\n---\nkind: Workflow\nmetadata: {name: b}\n"
)


def test_versions_that_need_a_release(loaded: Callable[[str], Documents]) -> None:
    project = resolve(loaded(SPECS))
    lock = Lock().pinned("a", "2.0.0", DIGEST).pinned("a", "1.0.0", DIGEST)
    assert wanted(project) == (("a", "2.0.0"), ("a", "2.1.0"), ("b", "1.0.0"))
    assert unpinned(project, lock) == (("a", "2.1.0"), ("b", "1.0.0"))
    assert lock.pruned(project) == Lock({"a": {"2.0.0": DIGEST}})
    assert lock.digest("a", "2.0.0") == DIGEST
    assert lock.digest("c", "2.0.0") is None
