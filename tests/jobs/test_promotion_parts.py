"""Writing releases into YAML, comparing outputs, asking people, scanning, telling: each by itself."""

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flowscale_jobs.approvals import Decision, Request
from flowscale_jobs.errors import JobError
from flowscale_jobs.notifications import rendered
from flowscale_jobs.promotions.canary import verdict
from flowscale_jobs.promotions.comparing import likeness, passes
from flowscale_jobs.promotions.scanning import findings
from flowscale_jobs.promotions.testing import slowdown
from flowscale_jobs.promotions.writing import rewritten

DIGEST, OTHER = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
FORMS = {
    "block": "kind: Environment\nmetadata: {name: prod}  # ours\nspec:\n  logging: info # quiet\n  domain: a.example.com\n",
    "flow": "kind: Environment\nmetadata: {name: prod}\nspec: {logging: info}\n",
    "empty": "kind: Environment\nmetadata: {name: prod}\nspec: {}\n",
    "bare": "kind: Environment\nmetadata:\n  name: prod\n",
    "no end": "kind: Environment\nmetadata: {name: prod}\nspec:\n  logging: info",
    "old block": f"kind: Environment\nmetadata: {{name: prod}}\nspec:\n  releases:\n    a:\n      1.0.0: {OTHER}\n  # more\n  logging: info\n",
    "old flow": f"kind: Environment\nmetadata: {{name: prod}}\nspec:\n  releases: {{a: {{1.0.0: '{OTHER}'}}}} # here\n  logging: info\n",
    "old null": "kind: Environment\nmetadata: {name: prod}\nspec:\n  releases:\n  logging: info\n",
    "old last": f"kind: Environment\nmetadata: {{name: prod}}\nspec:\n  releases:\n    a:\n      1.0.0: {OTHER}\n",
}
AROUND = (
    "# first\nkind: Project\nmetadata: {name: p}\n---\n%s---\nkind: Environment\nmetadata: {name: other}\n"
)
releases = st.dictionaries(
    st.sampled_from(["a", "b-c", "d.e"]),
    st.dictionaries(st.sampled_from(["1.0.0", "2.1.0-rc.1"]), st.sampled_from([DIGEST, OTHER]), min_size=1),
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=15, deadline=None)
@given(wanted=releases)
def test_releases_are_written_and_everything_else_stays(form: str, wanted: dict[str, dict[str, str]]) -> None:
    text = AROUND % FORMS[form] if form != "no end" else FORMS[form]
    written = rewritten(text, "prod", wanted)
    assert written is not None
    before, after = list(yaml.safe_load_all(text)), list(yaml.safe_load_all(written))
    place = next(index for index, one in enumerate(before) if one["metadata"]["name"] == "prod")
    assert after[place].setdefault("spec", {}).pop("releases") == wanted
    (before[place].setdefault("spec", {})).pop("releases", None)
    assert after == before
    assert [word for word in text.split("\n") if "#" in word and word.split("#")[1] not in written] == []
    assert rewritten(written, "prod", wanted) == written


def test_an_environment_that_is_not_there_is_not_written() -> None:
    assert rewritten(AROUND % FORMS["block"], "none", {}) is None


def png(pixels: "np.ndarray") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_pictures_are_compared_by_what_they_show() -> None:
    ramp = np.stack([np.add.outer(np.arange(64), np.arange(64)) * 2] * 3, axis=2)
    same, near, far = png(ramp), png(np.clip(ramp + 1, 0, 255)), png(255 - ramp)
    for metric in ("ssim", "psnr", "phash"):
        assert passes(metric, None, likeness(metric, same, near))
        assert not passes(metric, None, likeness(metric, same, far))
    assert likeness("exact", same, near) == 0.0
    assert likeness("exact", same, same) == 1.0
    assert likeness("ssim", same, b"no picture") == 0.0
    assert not passes("ssim", 0.999999, likeness("ssim", same, near))


def asked(**more: object) -> Request:
    return Request("r", "May it?", ("ann", "leads"), 2, asked_at=100.0, timeout=50.0, **more)


def test_a_request_needs_as_many_people_as_it_says() -> None:
    first = asked().decided(Decision("ann", True, 110.0))
    assert first.state(120.0) == "waiting"
    assert first.decided(Decision("ann", True, 111.0)).state(120.0) == "waiting"
    assert first.decided(Decision("bob", True, 112.0), ["leads"]).state(120.0) == "approved"


def test_one_refusal_refuses_and_silence_times_out() -> None:
    assert asked().decided(Decision("ann", False, 110.0)).state(120.0) == "rejected"
    assert (asked().state(149.9), asked().state(150.0)) == ("waiting", "timed_out")


@pytest.mark.parametrize(
    ("request_", "decision", "complaint"),
    [
        (asked(), Decision("eve", True, 110.0), "eve may not decide on r: ann, leads may"),
        (asked(), Decision("ann", True, 150.0), "r is timed out already"),
        (
            asked(decisions=(Decision("ann", False, 101.0),)),
            Decision("ann", True, 110.0),
            "r is rejected already",
        ),
    ],
)
def test_a_decision_that_is_not_theirs_or_too_late_is_refused(
    request_: Request, decision: Decision, complaint: str
) -> None:
    with pytest.raises(JobError, match=complaint):
        request_.decided(decision)


def test_requests_survive_being_written() -> None:
    request = asked(criteria=("cost",)).decided(Decision("ann", True, 110.0, "fine"))
    assert Request.from_json(request.to_json()) == request


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("true",)


def test_a_scan_finds_models_that_run_code_and_packs_that_are_dangerous(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models/good.pt").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    (tmp_path / "custom_nodes.py").write_text("def add(a, b):\n    return a + b\n")
    assert findings(tmp_path) == []
    with zipfile.ZipFile(tmp_path / "models/bad.pt", "w") as archive:
        archive.writestr("bad/data.pkl", pickle.dumps(Evil()))
    (tmp_path / "pack.py").write_text(
        "import subprocess\n\n\ndef run(x):\n    subprocess.call(x, shell=True)\n"
    )
    model, pack = findings(tmp_path)
    assert model.startswith("models/bad.pt runs ")
    assert "system when it is loaded" in model
    assert pack.startswith("pack.py:5: ")


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([("new", 2.0), ("old", 1.0), ("new", 4.0), ("old", 2.0)], 2.0),
        ([("new", 2.0)], None),
        ([("old", 2.0)], None),
        ([], None),
    ],
)
def test_speed_is_a_ratio_to_the_release_before(
    runs: list[tuple[str, float]], expected: float | None
) -> None:
    found = [{"release": release, "execution_time": seconds} for release, seconds in runs]
    assert slowdown(found, "new", "old") == expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, "waiting"),
        ({"rollout": {"digest": DIGEST, "verdict": None}}, "waiting"),
        ({"rollout": {"digest": OTHER, "verdict": "promoted"}}, "waiting"),
        ({"rollout": {"digest": DIGEST, "verdict": "promoted"}}, "passed"),
        ({"rollout": {"digest": DIGEST, "verdict": "rolled-back"}}, "failed"),
        ({"rolledBack": [{"digest": DIGEST, "reason": "errors"}]}, "failed"),
    ],
)
def test_the_verdict_on_a_canary_is_the_controllers(status: dict[str, object], expected: str) -> None:
    assert verdict(status, DIGEST) == expected


def test_messages_are_filled_in_and_leave_out_what_is_not_known() -> None:
    title, body = rendered("promotion.waiting", {"promotion": "release", "stage": "prod", "id": "r-1"})
    assert title == "release waits for approval of prod"
    assert "flowscale approve r-1" in body
    assert "$" not in body
