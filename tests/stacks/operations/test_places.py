"""Where a stack is kept: options before specs before the environment of the process before a folder of its own."""

from pathlib import Path

import pytest

from flowscale_specs import ResolvedProject, parse, resolve
from flowscale_stacks.operations.errors import SettingsWrong
from flowscale_stacks.operations.places import PASSPHRASE, Choice, place_of

KNOWN = {"PULUMI_CONFIG_PASSPHRASE": "x"}


def project(state: str = "") -> ResolvedProject:
    text = f"kind: Project\nmetadata: {{name: studio}}\n---\nkind: Environment\nmetadata: {{name: production}}\nspec: {{{state}}}\n"
    return resolve(parse(text.encode()), "production")


def test_a_folder_of_its_own_holds_the_state_and_a_passphrase_that_only_its_owner_reads(
    tmp_path: Path,
) -> None:
    place = place_of(project(), None, tmp_path, Choice(), {})
    assert (place.project, place.stack) == ("flowscale-studio", "production")
    assert place.backend == f"file://{tmp_path}/.flowscale/state"
    secret = tmp_path / PASSPHRASE
    assert place.variables["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(secret)
    assert secret.stat().st_mode & 0o777 == 0o600
    before = secret.read_text()
    place_of(project(), None, tmp_path, Choice(), {})
    assert secret.read_text() == before


def test_an_option_comes_before_the_spec_and_that_before_the_variable(tmp_path: Path) -> None:
    known = {**KNOWN, "PULUMI_BACKEND_URL": "s3://variable"}
    written = project("state: s3://spec")
    assert place_of(project(), None, tmp_path, Choice(), known).backend == "s3://variable"
    assert place_of(written, None, tmp_path, Choice(), known).backend == "s3://spec"
    assert place_of(written, None, tmp_path, Choice("s3://option"), known).backend == "s3://option"


def test_a_relative_folder_lies_beside_the_specs(tmp_path: Path) -> None:
    place = place_of(project(), "eu", tmp_path, Choice("file://./state"), KNOWN)
    assert place.backend == f"file://{tmp_path}/state"
    assert place.stack == "production.eu"


def test_a_shared_state_needs_a_passphrase_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsWrong, match="s3://b is sealed with a passphrase: set PULUMI_CONFIG_PASSPHRASE"
    ):
        place_of(project("state: s3://b"), None, tmp_path, Choice(), {})


def test_a_secrets_provider_needs_none(tmp_path: Path) -> None:
    spec = project("state: {backend: 's3://b', secrets: 'awskms://key'}")
    place = place_of(spec, None, tmp_path, Choice(), {})
    assert place.secrets_provider == "awskms://key"
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in place.variables


def test_pulumi_cloud_needs_a_token(tmp_path: Path) -> None:
    cloud = Choice("https://api.pulumi.com")
    with pytest.raises(SettingsWrong, match="set PULUMI_ACCESS_TOKEN"):
        place_of(project(), None, tmp_path, cloud, {})
    assert place_of(project(), None, tmp_path, cloud, {"PULUMI_ACCESS_TOKEN": "t"}).in_cloud
