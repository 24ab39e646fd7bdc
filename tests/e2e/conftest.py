"""A world for all end-to-end tests of a session, with one bot in it; who needs another builds one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.world import World
from tests.redis_server import redis_server


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
