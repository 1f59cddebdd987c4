"""How many runs a pool takes, where ComfyUI servers compute some of them."""

from dataclasses import dataclass, field

import pytest

from flowscale_runtime.engines.values import Environment
from flowscale_runtime.worker.pool import Pool

HERE = Environment("here")
A, B = "http://a:8188", "http://b:8188"


@dataclass(eq=False)
class StandIn:
    """A host that does nothing."""

    environment: Environment
    alive: bool = True
    idle_since: float = 0.0
    cleaned: list[int] = field(default_factory=list)

    async def start(self) -> None: ...

    async def close(self) -> None:
        self.alive = False

    def clean(self) -> None: ...


@pytest.fixture
def pool(tmp_path):
    return Pool(tmp_path, tmp_path, 2, lambda environment, *_: StandIn(environment))


def there(name, *servers):
    return Environment(name, comfyui=servers)


async def test_each_server_takes_a_run(pool):
    pool.use([there("x", A, B)])
    assert pool.capacity() == {"x": 2}
    await pool.acquire("x")
    assert pool.capacity() == {"x": 1}
    await pool.acquire("x")
    assert pool.capacity() == {}


async def test_there_are_as_many_hosts_as_servers_where_these_are_more(pool):
    pool.use([HERE, there("x", *(f"http://gpu-{n}:8188" for n in range(5)))])
    assert pool.size == 5
    assert pool.capacity() == {"here": 5, "x": 5}
    pool.use([HERE])
    assert pool.capacity() == {"here": 2}


async def test_deployments_share_the_servers_that_both_name(pool):
    pool.use([there("x", A, B), there("y", B)])
    await pool.acquire("y")
    assert pool.capacity() == {"x": 1}


async def test_what_computes_here_leaves_the_servers_free(pool):
    pool.use([HERE, there("x", A)])
    await pool.acquire("here")
    assert pool.capacity() == {"here": 1, "x": 1}
