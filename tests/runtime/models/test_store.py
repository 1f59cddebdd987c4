"""Weights from where they are kept: fetched, checked, continued, laid out; and every way in which they can't be had."""

import hashlib
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from flowscale_runtime.models import errors, fetching
from flowscale_runtime.models.cache import Cache
from flowscale_runtime.models.store import ModelStore, Place
from flowscale_runtime.models.values import Wanted, pinned
from flowscale_runtime.stores.objects import FolderObjects


def weights(size: int = 10_000, start: bytes = b"") -> bytes:
    """A file of safetensors, as far as its header goes."""
    header = b'{"__metadata__":{}}'
    return len(header).to_bytes(8, "little") + header + (start + os.urandom(size))[:size]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wanted(site, data: bytes, name: str = "a.safetensors", **more) -> Wanted:
    """A model that the site has."""
    site.files[f"/{name}"] = data
    return Wanted("checkpoints", name, f"{site.url}/{name}", **more)


def test_a_model_is_fetched_checked_and_laid_out_as_its_graph_names_it(site, store):
    data = weights()
    told: list[tuple[str, int, int | None]] = []
    laid = store.lay([wanted(site, data, sha256=sha256(data))], tell=lambda *step: told.append(step))
    assert (laid.root / "checkpoints" / "a.safetensors").read_bytes() == data
    assert laid.pins[0].size == len(data)
    assert told[-1] == ("checkpoints/a.safetensors", len(data), len(data))
    assert len(site.parts()) == -(-len(data) // 1024)


def test_the_second_time_nothing_is_asked(site, store):
    model = wanted(site, weights())
    first = store.lay([model])
    site.asked.clear()
    assert store.lay([model]).root == first.root
    assert site.asked == []


def test_the_checksum_of_what_was_fetched_without_one_is_pinned(site, store):
    data = weights()
    _, pin = store.have(wanted(site, data))
    assert (pin.sha256, pin.size) == (sha256(data), len(data))
    assert pinned({"models": {pin.key: pin.to_json()}}) == (pin,)


def test_a_part_that_breaks_off_is_read_again(site, store):
    data = weights()
    model = wanted(site, data, sha256=sha256(data))
    site.breaks = 5
    path, _ = store.have(model)
    assert path.read_bytes() == data


def test_a_download_goes_on_where_an_earlier_process_left_it(site, store, tmp_path, monkeypatch):
    data = weights()
    model = wanted(site, data)
    monkeypatch.setattr(fetching, "TRIES", 1)
    monkeypatch.setattr(fetching, "BESIDE", 1)
    site.breaks = 0
    count = 0

    def failing(self, number, start, stop, part=fetching._Parts._part):
        nonlocal count
        count += 1
        if count > 4:
            raise errors.ModelUnreachable("the line is cut")
        part(self, number, start, stop)

    with monkeypatch.context() as cut:
        cut.setattr(fetching._Parts, "_part", failing)
        with pytest.raises(errors.ModelUnreachable, match="cut"):
            store.have(model)
    site.asked.clear()
    again = ModelStore(Cache(store.cache.root), store.secrets, {})
    path, _ = again.have(model)
    assert path.read_bytes() == data
    assert len(site.parts()) == -(-len(data) // 1024) - 4


def test_a_file_that_changed_meanwhile_begins_anew(site, store, monkeypatch):
    model = wanted(site, weights())
    monkeypatch.setattr(fetching, "TRIES", 1)
    with monkeypatch.context() as cut:
        cut.setattr(
            fetching._Parts, "_once", lambda *_: (_ for _ in ()).throw(errors.ModelUnreachable("cut"))
        )
        with pytest.raises(errors.ModelUnreachable):
            store.have(model)
    data = weights()
    site.files["/a.safetensors"] = data
    path, _ = store.have(model)
    assert path.read_bytes() == data


def test_a_server_without_ranges_gives_the_whole(site, store):
    site.ranges, site.breaks = False, 2
    data = weights()
    path, _ = store.have(wanted(site, data))
    assert path.read_bytes() == data
    assert site.parts() == []


def test_an_empty_file_is_no_model(site, store):
    with pytest.raises(errors.ModelDamaged, match="no header"):
        store.have(wanted(site, b""))


def test_another_checksum_than_declared_keeps_nothing(site, store):
    model = wanted(site, weights(), sha256="0" * 64)
    with pytest.raises(errors.ModelDamaged, match="0000 is declared"):
        store.have(model)
    assert store.cache.blobs() == []
    assert list((store.cache.root / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"token": "right"}, errors.AccessRefused, "token: {secret: name/key}"),
        ({"page": True}, errors.AccessRefused, "a web page, not with a file"),
        ({"files": {}}, errors.ModelMissing, "it answers 404"),
    ],
)
def test_what_a_site_refuses_is_said_with_what_to_do(site, store, change, error, says):
    model = wanted(site, weights())
    for name, value in change.items():
        setattr(site, name, value)
    with pytest.raises(error, match=says):
        store.have(model)


def test_nobody_there_is_told(store, free_port):
    model = Wanted("vae", "a.safetensors", f"http://127.0.0.1:{free_port()}/a.safetensors")
    with pytest.raises(errors.ModelUnreachable, match="can't be read"):
        store.have(model)


def test_a_token_is_sent_to_its_site_and_to_no_other(site, store, tmp_path):
    data = weights()
    other = site.url.replace("127.0.0.1", "localhost")
    site.redirects["/gated"] = f"{other}/a.safetensors"
    site.files["/a.safetensors"] = data
    store = replace(store, secrets=replace(store.secrets, environment={"SITE_TOKEN": "secret"}))
    store.have(Wanted("loras", "a.safetensors", f"{site.url}/gated", token="site/token"))
    assert {(path, sent) for path, _, sent in site.asked} == {
        ("/gated", "Bearer secret"),
        ("/a.safetensors", None),
    }


def test_a_token_does_not_travel_in_clear(store):
    store = replace(store, secrets=replace(store.secrets, environment={"SITE_TOKEN": "secret"}))
    model = Wanted("loras", "a.safetensors", "http://models.example/a.safetensors", token="site/token")
    with pytest.raises(errors.SourceWrong, match="use https"):
        store.have(model)


def test_a_secret_that_is_not_set_is_named(store):
    with pytest.raises(errors.SourceWrong, match="set SITE_TOKEN"):
        store.have(Wanted("loras", "a.safetensors", "https://models.example/a", token="site/token"))


def test_hugging_face_and_civitai_are_asked_by_their_own_addresses(site, store):
    data = weights()
    site.files["/studio/flow/resolve/v1/unet/a.safetensors"] = data
    site.files["/api/download/models/42"] = data
    store = replace(
        store, environment={"HF_ENDPOINT": site.url, "CIVITAI_ENDPOINT": site.url, "HF_TOKEN": "hub"}
    )
    store.have(Wanted("unet", "a.safetensors", "hf:studio/flow@v1/unet/a.safetensors"))
    store.have(Wanted("loras", "b.safetensors", "civitai:42"))
    tokens = {path: sent for path, _, sent in site.asked}
    assert tokens == {
        "/studio/flow/resolve/v1/unet/a.safetensors": "Bearer hub",
        "/api/download/models/42": None,
    }


class TestPickles:
    def torch_file(self, path: Path) -> bytes:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", pickle.dumps({}))
        return path.read_bytes()

    def test_a_name_that_says_so_is_refused_before_anything_is_fetched(self, site, store):
        with pytest.raises(errors.PickleRefused, match="pickle: true"):
            store.have(wanted(site, weights(), "a.ckpt"))
        assert site.asked == []

    def test_a_pickle_under_another_name_is_refused_too(self, site, store, tmp_path):
        for data in (self.torch_file(tmp_path / "a.zip"), pickle.dumps({"a": 1})):
            with pytest.raises(errors.PickleRefused):
                store.have(wanted(site, data, "a.bin"))
        assert store.cache.blobs() == []

    def test_one_that_is_allowed_is_taken(self, site, store, tmp_path):
        data = self.torch_file(tmp_path / "a.zip")
        path, _ = store.have(wanted(site, data, "a.pt", pickle=True))
        assert path.read_bytes() == data

    def test_torchscript_is_none(self, site, store, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("archive/data.pkl", b"")
            archive.writestr("archive/constants.pkl", b"")
        store.have(wanted(site, (tmp_path / "a.zip").read_bytes(), "a.bin"))


class TestLocal:
    def test_a_file_beside_the_spec_is_taken_where_it_lies(self, store, tmp_path):
        path = tmp_path / "spec" / "weights" / "a.safetensors"
        path.parent.mkdir(parents=True)
        path.write_bytes(data := weights())
        found, pin = store.have(
            Wanted("vae", "b.safetensors", "weights/a.safetensors"), Place(tmp_path / "spec")
        )
        assert (found, pin.sha256) == (path, sha256(data))
        assert store.cache.blobs() == []

    def test_a_folder_of_models_needs_no_source(self, store, tmp_path):
        path = tmp_path / "models" / "vae" / "a.safetensors"
        path.parent.mkdir(parents=True)
        path.write_bytes(weights())
        place = Place(roots=(tmp_path / "models",))
        laid = store.lay([Wanted("vae", "a.safetensors")], place)
        assert not laid.beyond(place.roots)

    def test_a_file_that_was_written_since_is_read_again(self, store, tmp_path):
        path = tmp_path / "a.safetensors"
        path.write_bytes(weights())
        _, first = store.have(Wanted("vae", "a.safetensors", "a.safetensors"), Place(tmp_path))
        path.write_bytes(weights())
        _, second = store.have(Wanted("vae", "a.safetensors", "a.safetensors"), Place(tmp_path))
        assert first.sha256 != second.sha256

    def test_other_bytes_than_pinned_come_from_the_objects_of_the_project(self, store, tmp_path):
        objects = FolderObjects(tmp_path / "objects")
        old = objects.put(data := weights())
        (tmp_path / "a.safetensors").write_bytes(weights())
        place = Place(tmp_path, objects=objects)
        laid = store.lay([Wanted("vae", "a.safetensors", "a.safetensors", sha256=old)], place)
        assert (laid.root / "vae" / "a.safetensors").read_bytes() == data

    @pytest.mark.parametrize(
        ("model", "says"),
        [
            (Wanted("vae", "a.safetensors"), "declare its `source`"),
            (Wanted("vae", "a.safetensors", "a.safetensors"), "beside the spec"),
            (Wanted("vae", "a.safetensors", "a.safetensors", sha256="0" * 64), "run `flowscale pin`"),
        ],
    )
    def test_what_is_nowhere_is_said_with_what_to_do(self, store, tmp_path, model, says):
        with pytest.raises(errors.ModelMissing, match=says):
            store.lay([model], Place(tmp_path))


def test_a_name_that_leads_out_of_its_folder_is_refused(site, store):
    model = replace(wanted(site, weights()), name="../../a.safetensors")
    with pytest.raises(errors.SourceWrong, match="leads out"):
        store.lay([model])


@pytest.mark.services
def test_an_object_of_a_bucket_is_read_in_parts(s3_server, store, monkeypatch):
    import obstore
    from obstore.store import from_url

    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    data = weights()
    obstore.put(
        from_url("s3://flowscale", client_options={"allow_http": True}), "weights/a.safetensors", data
    )
    store = replace(store, environment=s3_server.environment)
    path, _ = store.have(Wanted("vae", "a.safetensors", "s3://flowscale/weights/a.safetensors"))
    assert path.read_bytes() == data
    with pytest.raises(errors.ModelMissing, match="nothing at s3"):
        store.have(Wanted("vae", "b.safetensors", "s3://flowscale/weights/b.safetensors"))
