"""The cache: what was used the longest ago goes first, and nothing goes that somebody uses."""

import os
import subprocess
import sys

import pytest

from flowscale_runtime.models.cache import Cache, sha256_of
from flowscale_runtime.models.errors import NoRoom


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / "cache", limit=100)
    yield made
    made.close()


def fill(cache, *letters, size=30):
    """Blobs of equal size, each used a second after the one before; answers with their checksums."""
    found = []
    for number, letter in enumerate(letters):
        file = cache.incoming(letter)
        file.write_bytes(letter.encode() * size)
        found.append(name := sha256_of(file))
        cache.keep(file, name)
        os.utime(cache.root / "blobs" / name[:2] / name, (number, number))
    return found


def names(cache):
    return {blob.sha256 for blob in cache.blobs()}


def test_the_one_used_the_longest_ago_makes_room(cache):
    first, second, third = fill(cache, "a", "b", "c")
    cache.make_room(30)
    assert names(cache) == {second, third}
    assert first not in names(cache)


def test_looking_for_a_file_uses_it(cache):
    first, second, third = fill(cache, "a", "b", "c")
    assert cache.find(first)
    cache.make_room(30)
    assert names(cache) == {first, third}
    assert cache.find(second) is None


def test_files_of_a_set_stay_while_it_is_held(cache):
    first, _, _ = fill(cache, "a", "b", "c")
    root = cache.lay({"vae/a": (cache.find(first), first)})
    os.utime(cache.find(first), (0, 0))
    cache.make_room(70)
    assert names(cache) == {first}
    with pytest.raises(NoRoom, match="FLOWSCALE_MODEL_CACHE_SIZE"):
        cache.make_room(90)
    assert (root / "vae" / "a").read_bytes() == b"a" * 30


def test_a_set_that_nobody_holds_goes_with_its_files(tmp_path):
    script = (
        "import sys; from pathlib import Path; from flowscale_runtime.models.cache import Cache\n"
        "cache = Cache(Path(sys.argv[1]), 100); cache.lay({'vae/a': (cache.find(sys.argv[2]), sys.argv[2])})\n"
    )
    cache = Cache(tmp_path, limit=100)
    [only] = fill(cache, "a")
    subprocess.run([sys.executable, "-c", script, str(tmp_path), only], check=True)
    assert list((tmp_path / "sets").iterdir())
    cache.prune(0)
    assert (list((tmp_path / "sets").iterdir()), names(cache)) == ([], set())


def test_a_set_with_another_file_under_the_same_name_is_another_one(cache):
    first, second = fill(cache, "a", "b")
    one = cache.lay({"vae/a": (cache.find(first), first)})
    two = cache.lay({"vae/a": (cache.find(second), second)})
    assert one != two
    assert ((one / "vae/a").read_bytes(), (two / "vae/a").read_bytes()) == (b"a" * 30, b"b" * 30)


def test_a_set_that_lost_a_file_is_made_again(cache):
    [first] = fill(cache, "a")
    root = cache.lay({"vae/a": (cache.find(first), first)})
    (root / "vae" / "a").unlink()
    assert cache.lay({"vae/a": (cache.find(first), first)}) == root
    assert (root / "vae" / "a").is_file()
