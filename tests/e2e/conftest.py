"""A world for all end-to-end tests of a session, with one bot in it; who needs another builds one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator

import pytest
import pytest_asyncio

from tests.e2e.world import World
from tests.redis_proxy import RedisProxy
from tests.redis_server import redis_server

SHOWN_CHARS = 8000
REQUEST_CHARS = 400


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put beside a failure what its bots have said last, and what Claude was asked."""
    report = yield
    given = getattr(item, "funcargs", {}).values()
    for world in {id(each): each for each in given if report.failed and isinstance(each, World)}.values():
        asked = "\n".join(str(call.body["messages"][-1])[:REQUEST_CHARS] for call in world.asked)
        report.sections.append(("asked of Claude", asked))
        report.sections += [("output of a bot", bot.output[-SHOWN_CHARS:]) for bot in world.bots]
    return report


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared() -> AsyncIterator[World]:
    """A world in which a bot with the default settings listens."""
    with redis_server() as url:
        world = await World.build(url)
        await world.start_bot()
        yield world
        await world.close()


@pytest.fixture
def world(shared: World) -> World:
    """The shared world, with nothing left over from the test before."""
    shared.begin()
    return shared


@pytest_asyncio.fixture(loop_scope="session")
async def alone() -> AsyncIterator[World]:
    """A world without a bot."""
    with redis_server() as url:
        world = await World.build(url)
        yield world
        await world.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def behind_a_proxy(shared: World) -> AsyncIterator[tuple[World, RedisProxy, int]]:
    """A world whose bot reaches Redis by a way that can be made slow or closed, and a thread in it."""
    async with RedisProxy.before(shared.redis_url) as proxy, shared.apart(redis_url=proxy.url) as own:
        thread = await own.converse(own.channel(), "hello")
        yield own, proxy, thread


@pytest.fixture
def flaky(behind_a_proxy: tuple[World, RedisProxy, int]) -> tuple[World, RedisProxy, int]:
    """That world with its way to Redis as it should be, whatever the test before made of it."""
    world, proxy, _ = behind_a_proxy
    world.begin()
    proxy.come_back()
    return behind_a_proxy
