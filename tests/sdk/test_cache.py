"""Results kept by their inputs: never across workflows, callers or servers, and never a failure."""

import sys

import pytest

from flowscale import FlowScaleRunFailedError
from flowscale.integrations.cache import MemoryCache, RedisCache
from flowscale.testing import FakeServer, MockFlowScaleClient


class FakeRedis:
    """What a Redis connection does with our two calls."""

    def __init__(self):
        self.kept, self.expiries = {}, []

    def get(self, key):
        return self.kept.get(key)

    def set(self, key, value, *, px):
        self.kept[key] = value
        self.expiries.append(px)


@pytest.fixture(params=["memory", "redis"])
def cache(request):
    return MemoryCache() if request.param == "memory" else RedisCache(connection=FakeRedis())


def test_equal_inputs_are_answered_from_the_cache(bench, cache):
    bench.client.set_cache(cache)
    one = bench(bench.runs.execute(prompt="x", steps=20))
    two = bench(bench.runs.execute({"steps": 20}, prompt="x"))
    assert one.to_dict() == two.to_dict()
    assert bench.paths() == ["POST runs"]
    assert bench(two.outputs[0].data)


def test_files_count_by_content(bench, cache, tmp_path):
    bench.client.set_cache(cache)
    for name, content in (("a.png", b"same"), ("b.png", b"same"), ("c.png", b"other")):
        (tmp_path / name).write_bytes(content)
        bench(bench.runs.execute(image=tmp_path / name))
        with (tmp_path / name).open("rb") as stream:
            bench(bench.runs.execute(image=stream))
    bench(bench.runs.execute(image=b"same"))
    bench(bench.runs.execute(image="same"))
    assert [run.inputs["image"] for run in bench.server.runs.values()][2] == "same"
    assert len(bench.server.runs) == 3


@pytest.mark.parametrize(
    "other",
    [{"prompt": "y"}, {"prompt": "x", "workflow_id": "w"}, {"prompt": "x", "seed": 0}, {"prompt": ["x"]}],
)
def test_other_inputs_are_another_run(bench, cache, other):
    bench.client.set_cache(cache)
    bench(bench.runs.execute(prompt="x"))
    bench(bench.runs.execute(**other))
    assert len(bench.server.runs) == 2


def test_a_cache_shared_by_two_callers_tells_them_apart(cache):
    for key in ("one", "two"):
        server = FakeServer(api_key=key)
        MockFlowScaleClient(server, cache=cache).runs.execute(prompt="x")
        assert len(server.runs) == 1


def test_failures_are_not_kept(bench, cache):
    bench.client.set_cache(cache)
    bench.server.fail_run()
    with pytest.raises(FlowScaleRunFailedError):
        bench(bench.runs.execute(prompt="x"))
    assert bench(bench.runs.execute(prompt="x")).ok


def test_what_can_be_read_only_once_is_not_cached(bench, cache):
    class Pipe:
        def read(self):
            return b"bytes"

    bench.client.set_cache(cache)
    for _ in range(2):
        bench(bench.runs.execute(image=Pipe()))
    assert len(bench.server.runs) == 2


def test_the_memory_forgets_with_time_and_with_size():
    now = [0.0]
    cache = MemoryCache(ttl=10, size=2, clock=lambda: now[0])
    cache.set("a", b"1")
    cache.set("b", b"2")
    assert cache.get("a") == b"1"
    cache.set("c", b"3")
    assert [cache.get(key) for key in "abc"] == [b"1", None, b"3"]
    now[0] = 10
    assert [cache.get(key) for key in "abc"] == [None, None, None]


def test_redis_is_told_when_to_forget():
    connection = FakeRedis()
    RedisCache(connection=connection, ttl=1.5).set("k", b"v")
    assert connection.expiries == [1500]


def test_a_missing_redis_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ImportError, match=r"flowscale-sdk\[redis\]"):
        RedisCache()
