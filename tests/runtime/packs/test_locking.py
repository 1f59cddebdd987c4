"""Locking: which commit, which wheels, and which packs go together."""

from importlib.metadata import version
from pathlib import Path

import pytest

from flowscale_runtime.packs.errors import RequirementsFailed, SourceFailed
from flowscale_runtime.packs.provision import Provision
from flowscale_runtime.packs.sources import is_address
from flowscale_runtime.packs.values import Group, Wanted
from harness.packs import PACK, Repository


@pytest.fixture
def provision(tmp_path: Path) -> Provision:
    return Provision(tmp_path / "store")


def repository(folder: Path, name: str, requirements: str = "") -> Repository:
    return Repository(folder, name, init=PACK.format(name=name), requirements__txt=requirements)


def test_a_pack_is_locked_at_its_newest_commit_with_wheels_by_checksum(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    made = repository(tmp_path, "Old", "needs_old\n")
    (group,) = provision.lock([Wanted(made.source)], tmp_path)
    assert [(pack.name, pack.commit) for pack in group.packs] == [("Old", made.git("rev-parse", "HEAD"))]
    assert [line.split(" --hash=sha256:")[0] for line in group.wheels] == ["clash==1.0", "needs-old==1.0"]
    assert all(len(line.split("sha256:")[1]) == 64 for line in group.wheels)
    assert Group.from_json(group.to_json()) == group


def test_a_named_commit_and_a_range_of_tags_are_heeded(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    made = repository(tmp_path, "Old")
    first = made.git("rev-parse", "HEAD")
    made.git("tag", "v1.0.0")
    second = made.commit(note__txt="second")
    made.git("tag", "-a", "v1.5.0", "-m", "annotated")
    made.commit(note__txt="third")
    made.git("tag", "2.0.0")

    def commit(**how: str) -> str:
        return provision.lock([Wanted(made.source, **how)], tmp_path)[0].packs[0].commit

    assert commit(commit=first) == first
    assert commit(version=">=1.0.0,<2.0.0") == second
    with pytest.raises(SourceFailed, match=r"no version >=3.0.0; its tags: 1.0.0, 1.5.0, 2.0.0"):
        commit(version=">=3.0.0")


def test_packs_share_an_environment_that_satisfies_all_of_them(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    made = [repository(tmp_path, "Old", "clash<2\n"), repository(tmp_path, "Any", "clash\n")]
    (group,) = provision.lock([Wanted(each.source) for each in made], tmp_path)
    assert [pack.name for pack in group.packs] == ["Old", "Any"]
    assert [line.split()[0] for line in group.wheels] == ["clash==1.0"]


def test_packs_whose_requirements_clash_are_refused_with_the_reason(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    made = [repository(tmp_path, "Old", "clash<2\n"), repository(tmp_path, "New", "clash>=2\n")]
    with pytest.raises(RequirementsFailed, match=r"Old at .*, New at .*clash<2 and clash>=2"):
        provision.lock([Wanted(each.source) for each in made], tmp_path)


def test_what_the_platform_has_is_not_installed_again_and_never_replaced_beside_it(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    here = repository(
        tmp_path, "Here", "orjson>=3  # for speed\nPillow\ntorch\n--extra-index-url https://x\n"
    )
    other = repository(tmp_path, "Other", f"clash\norjson!={version('orjson')}\n")
    (group,) = provision.lock([Wanted(here.source)], tmp_path)
    assert group.wheels == ()
    with pytest.raises(RequirementsFailed, match="orjson"):
        provision.lock([Wanted(other.source)], tmp_path)


def test_what_was_locked_stays_until_the_spec_asks_for_something_else(
    tmp_path: Path, wheels: Path, provision: Provision
) -> None:
    made = repository(tmp_path, "Old")
    before = provision.lock([Wanted(made.source)], tmp_path)
    newest = made.commit(note__txt="newer")
    later = Provision(provision.store)
    assert later.lock([Wanted(made.source)], tmp_path, before) == before
    assert later.lock([Wanted(made.source, commit=newest)], tmp_path, before)[0].packs[0].commit == newest
    assert later.lock([], tmp_path, before) == ()


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ("surely-absent-package\n", "surely-absent-package was not found"),
        ("what is this?\n", "'what is this\\?', which is no requirement"),
    ],
)
def test_requirements_that_cannot_be_had_name_the_pack(
    tmp_path: Path, wheels: Path, provision: Provision, requirements: str, said: str
) -> None:
    made = repository(tmp_path, "Bad", requirements)
    with pytest.raises(RequirementsFailed, match=said) as caught:
        provision.lock([Wanted(made.source)], tmp_path)
    assert "Bad" in str(caught.value)


def test_a_source_that_is_not_there_is_named(tmp_path: Path, provision: Provision) -> None:
    with pytest.raises(SourceFailed, match=r"file:///nowhere/pack can't be reached"):
        provision.lock([Wanted("file:///nowhere/pack")], tmp_path)


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("https://github.com/acme/nodes", True),
        ("git@github.com:acme/nodes.git", True),
        ("./packs/own", True),
        ("comfyui-tools", False),
        ("ext::sh -c true", False),
        ("--upload-pack=touch", False),
    ],
)
def test_addresses_are_told_from_names(source: str, *, address: bool) -> None:
    assert is_address(source) is address
