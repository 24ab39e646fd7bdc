import gc
import os
from collections.abc import AsyncIterator, Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings
from redis.asyncio import Redis

from bot.store.connection import connect
from tests.redis_cluster import ClusterShape, redis_cluster
from tests.redis_server import order, redis_server
from tests.spread import spread

# How long an example takes depends on what else the machine does, and is no property of the code.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("patient"), max_examples=15)  # for `make quick`
settings.load_profile("patient")


SHAPE_VARIABLE = "BOBBIN_TEST_REDIS_SHAPE"
"""`cluster` has the tests of the store run on a Redis Cluster, `user` as a user with few rights."""

CLUSTER, USER = "cluster", "user"

FEW_RIGHTS = (
    "&* +@read +@write +@scripting +@transaction +@pubsub +@connection -@dangerous "
    "+cluster|slots +time +wait +info +config|get"
)
"""What docs/operating.md names as the least, but for the names of the keys."""

OF_TESTS = ("+keys", "+flushall", "+flushdb")
"""What tests look at a server with."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what is collected, which lives to the end, out of each garbage collection."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Spread the tests over the workers, where there are some; on a cluster, leave out what needs a single server."""
    if SHAPE_VARIABLE in os.environ:
        items[:] = [
            item
            for item in items
            if "redis_url" not in getattr(item, "fixturenames", ())
            and not item.get_closest_marker("single_server")
        ]
    if getattr(config.option, "loadgroup", False):
        spread(items)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of one real server for all tests; who uses it flushes it first."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def cluster() -> Iterator[ClusterShape]:
    """A Redis Cluster for all tests that only read and write; who moves or kills something takes one of their own."""
    with redis_cluster() as shape:
        yield shape


@pytest.fixture
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """A client of an empty server; the bot's own client of a cluster if SHAPE_VARIABLE says so."""
    if os.environ.get(SHAPE_VARIABLE) == CLUSTER:
        shape: ClusterShape = request.getfixturevalue("cluster")
        shape.flush()
        async with connect(shape.url, timeout_s=30.0) as on_cluster:
            yield on_cluster
        return
    if os.environ.get(SHAPE_VARIABLE) == USER:
        url = str(request.getfixturevalue("redis_url"))
        await order(url, "FLUSHALL")
        await order(url, "ACL", "SETUSER", "me", "on", ">word", "~*", *FEW_RIGHTS.split(), *OF_TESTS)
        async with connect(f"{url}?username=me&password=word", timeout_s=30.0) as as_user:
            yield as_user
        return
    client: Redis = Redis.from_url(request.getfixturevalue("redis_url"), decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()
