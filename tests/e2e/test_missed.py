"""What was said unheard is found wherever it stands, and whoever does not get an answer is told why."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.conversation import wording
from bot.conversation.message import created_ms
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
OLD_MS = 1500
SOON = {**QUICK, "BOT_RECOVERY__EVERY_S": "0.4"}


@pytest_asyncio.fixture(loop_scope="session")
async def alone() -> AsyncIterator[World]:
    """A world without a bot."""
    with redis_server() as url:
        world = await World.build(url)
        yield world
        await world.close()


async def dm_of(world: World, person: Any) -> int:
    return int((await person.open_dm(world.app.user_id))["id"])


def texts(world: World, place: int) -> list[str]:
    return [message["content"] for message in world.said(place)]


async def swept(world: World, times: int = 2) -> None:
    """Wait until everything has been looked through so often again."""
    before = len(world.called("GET", "/threads/active"))
    await world.until(lambda: len(world.called("GET", "/threads/active")) > before + times)


@pytest.mark.parametrize("every_s", ["0.3", "120"])
async def test_what_is_too_old_to_be_answered_is_told_once_in_a_thread_that_was_listed_or_never_was(
    alone: World, every_s: str
) -> None:
    too_soon = {**QUICK, "BOT_RECOVERY__MAX_AGE_HOURS": "0.0003", "BOT_RECOVERY__EVERY_S": every_s}
    bot = await alone.start_bot(**QUICK, BOT_RECOVERY__EVERY_S=every_s)
    thread = await alone.converse(alone.channel(), "hello")
    if every_s != "120":
        await swept(alone)
    await bot.kill()
    said = await alone.ann.post(thread, "are you there?")
    asked = len(alone.claude.requests)
    await alone.until(lambda: time.time() * 1000 - created_ms(int(said["id"])) > OLD_MS)
    await alone.start_bot(**too_soon)
    notice = wording.small(wording.missed(1))
    await alone.until(lambda: notice in texts(alone, thread))
    await alone.converse(alone.channel(), "something else")
    assert texts(alone, thread).count(notice) == 1
    assert len(alone.claude.requests) == asked + 1


async def test_more_than_is_looked_through_is_told_only_where_some_of_it_was_missed(alone: World) -> None:
    few = {"BOT_RECOVERY__MAX_MESSAGES": "3"}
    notice = wording.small(wording.missed_many(3))
    bot = await alone.start_bot(**QUICK, **few, BOT_RECOVERY__EVERY_S="120")
    thread = await alone.converse(alone.channel(), "hello")
    for number in range(3):
        await alone.ann.post(thread, f"heard {number}")
        await alone.answered(thread, 2 + number)
    await bot.stop()
    bot = await alone.start_bot(**SOON, **few)
    await swept(alone)
    assert notice not in texts(alone, thread)
    await bot.stop()
    for number in range(4):
        await alone.ann.post(thread, f"unheard {number}")
    await alone.start_bot(**SOON, **few)
    await alone.until(lambda: notice in texts(alone, thread))
    await swept(alone)
    assert texts(alone, thread).count(notice) == 1
    assert "unheard 0" not in str([call.body for call in alone.claude.requests])
