"""Shared memory of killed workers goes with the next server; that of living ones stays."""

from flowscale_runtime.engines.triton import leftovers


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_what_an_ended_owner_left_is_removed_and_what_a_living_one_has_stays(tmp_path):
    for name in ("triton-dead-region", "triton-live-region", "other"):
        (tmp_path / name).touch()
    leftovers.own(tmp_path, "triton-dead").close()
    with leftovers.own(tmp_path, "triton-live"):
        assert leftovers.sweep(tmp_path) == ["triton-dead"]
        assert names(tmp_path) == {"triton-live-region", "triton-live.owner", "other"}
    assert leftovers.sweep(tmp_path) == ["triton-live"]
    assert names(tmp_path) == {"other"}
