"""3D files, passed through as they are."""

import pytest

from flowscale_runtime.nodes.errors import BadMedia


@pytest.fixture
def model(place):
    (place.input / "3d").mkdir()
    (place.input / "3d" / "cat.obj").write_bytes(b"v 0 0 0")
    return "3d/cat.obj"


def test_a_file_is_loaded_without_a_viewer(node, model):
    image, mask, path, normal, camera, video, file = node("Load3D", model_file=model, width=8, height=4)
    assert image.shape == normal.shape == (1, 4, 8, 3)
    assert mask.shape == (1, 4, 8)
    assert (path, camera, video, file.format) == (model, None, None, "obj")
    assert node("Load3D", model_file="none", width=8, height=4)[6] is None


def test_what_the_viewer_saw_is_used(node, place, model):
    from PIL import Image

    Image.new("RGB", (2, 2), (255, 0, 0)).save(place.temp / "seen.png")
    views = {"image": "seen.png [temp]", "camera_info": {"zoom": 2}}
    image, *_ = given = node("Load3D", model_file=model, image=views)
    assert image[0, 0, 0].tolist() == [1, 0, 0]
    assert given[4] == {"zoom": 2}


def test_a_file_is_saved_in_its_own_format(own_packs, node, place, model):
    file = node("Load3D", model_file=model, width=8, height=4)[6]
    entry = own_packs.classes["SaveGLB"]().run(mesh=file, filename_prefix="3d/out")["ui"]["3d"][0]
    assert entry == {"filename": "out_00001_.obj", "subfolder": "3d", "type": "output"}
    assert (place.output / "3d" / "out_00001_.obj").read_bytes() == b"v 0 0 0"


def test_previews_name_the_folder(own_packs, node, model):
    file = node("Load3D", model_file=model, width=8, height=4)[6]
    preview = own_packs.classes["Preview3D"]()
    for value in (model, file):
        assert preview.run(model_file=value)["ui"]["result"][0] == "3d/cat.obj [input]"


def test_other_files_are_refused(node, place):
    (place.input / "a.exe").write_bytes(b"MZ")
    with pytest.raises(BadMedia, match="no 3D file"):
        node("Load3D", model_file="a.exe", width=8, height=4)
