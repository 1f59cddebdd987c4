"""Objects, in a folder and in a bucket: one contract."""

import asyncio
import hashlib
import os
import time

import pytest

from flowscale_runtime.stores import buckets
from flowscale_runtime.stores.buckets import BucketObjects
from flowscale_runtime.stores.errors import NotFound, Unavailable
from flowscale_runtime.stores.objects import FolderObjects, receive

NOBODY = "0" * 64


@pytest.fixture(params=["folder", pytest.param("bucket", marks=pytest.mark.services)])
def objects(request, tmp_path, monkeypatch):
    if request.param == "folder":
        return FolderObjects(tmp_path / "objects")
    server = request.getfixturevalue("s3_server")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return BucketObjects(server.url(tmp_path.name), tmp_path / "cache")


@pytest.fixture
def bucket(s3_server, tmp_path, monkeypatch):
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return lambda place, size=buckets.CACHE: BucketObjects(
        s3_server.url(tmp_path.name), tmp_path / place, size
    )


def test_an_object_is_named_by_what_it_holds_and_stored_once(objects):
    name = objects.put(b"hello")
    assert name == hashlib.sha256(b"hello").hexdigest()
    assert objects.put(b"hello") == name
    assert (objects.get(name), objects.exists(name)) == (b"hello", True)
    assert objects.path(name).read_bytes() == b"hello"


def test_what_is_not_there_is_told(objects):
    assert objects.exists(NOBODY) is False
    for ask in (objects.get, objects.path):
        with pytest.raises(NotFound, match=NOBODY):
            ask(NOBODY)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "a" * 65, "/" * 64, "." * 64])
def test_a_name_that_is_none_is_refused(objects, name):
    with pytest.raises(NotFound):
        objects.path(name)


def test_a_file_is_taken_over_and_gone_where_it_was(objects, tmp_path):
    file = tmp_path / "file"
    for _ in range(2):
        file.write_bytes(b"from a file")
        name = objects.put_file(file)
        assert not file.exists()
    assert objects.get(name) == b"from a file"


def test_a_removed_object_is_gone_and_removing_it_again_does_nothing(objects):
    name = objects.put(b"short")
    for _ in range(2):
        objects.delete(name)
    assert objects.exists(name) is False


async def test_chunks_become_an_object_up_to_a_limit(objects):
    async def chunks():
        for number in range(10):
            yield bytes([number]) * 1000

    name, size = await receive(objects, chunks(), 10_000)
    assert (size, len(objects.get(name))) == (10_000, 10_000)
    assert await receive(objects, chunks(), 9_999) is None


@pytest.mark.services
def test_a_large_object_goes_and_comes_in_parts(bucket):
    data = os.urandom(buckets.PART * 2 + 17)
    name = bucket("one").put(data)
    assert bucket("two").get(name) == data


@pytest.mark.services
def test_the_second_look_asks_nobody(bucket, s3_server):
    objects = bucket("one")
    name = bucket("other").put(b"kept")
    assert objects.get(name) == b"kept"
    s3_server.kill()
    try:
        assert objects.get(name) == b"kept"
    finally:
        s3_server.start()


@pytest.mark.services
def test_the_folder_gives_up_what_was_used_the_longest_ago(bucket, monkeypatch, tmp_path):
    monkeypatch.setattr(buckets, "SPARED", -1.0)
    objects = bucket("small", 2500)
    names = []
    for number in range(3):
        names.append(objects.put(bytes([number]) * 1000))
        os.utime(objects.path(names[-1]), (time.time() - 100 + number,) * 2)
    assert [(tmp_path / "small" / name[:2] / name).exists() for name in names] == [False, True, True]
    assert objects.get(names[0]) == b"\0" * 1000


@pytest.mark.services
def test_an_object_that_arrives_damaged_is_refused(bucket, s3_server, tmp_path):
    name = bucket("one").put(b"whole")
    [file] = (s3_server.folder / "flowscale").rglob(name)
    file.write_bytes(b"other")
    with pytest.raises(Unavailable, match="damaged"):
        bucket("two").get(name)


@pytest.mark.services
async def test_many_threads_may_ask_for_one_object_at_once(bucket):
    name = bucket("one").put(b"x" * 100_000)
    objects = bucket("two")
    found = await asyncio.gather(*(asyncio.to_thread(objects.get, name) for _ in range(16)))
    assert {len(data) for data in found} == {100_000}
