"""A world for all end-to-end tests of a session, with one bot in it; who needs another builds one."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.world import World


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(redis_server_url: str) -> AsyncIterator[World]:
    """A world in which a bot with the default settings listens."""
    world = await World.build(
        f"{redis_server_url}?db=1" if redis_server_url.startswith("unix") else redis_server_url
    )
    await world.start_bot(BOT_REDIS__PREFIX="shared")
    yield world
    await world.close()


@pytest.fixture
def world(shared: World) -> World:
    """The shared world, with nothing left over from the test before."""
    shared.begin()
    return shared
