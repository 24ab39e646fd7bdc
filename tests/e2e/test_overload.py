"""More people than Claude takes at once: all are answered, in a fair order, and few requests are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.conversation import status_wording
from tests.e2e.world import MANY_THREADS, MANY_TURNS, World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ONCE = 5
BUSY_THREADS = (30, 8)
SMALL_THREADS = 2
THREADS = sum(BUSY_THREADS) + SMALL_THREADS
SMALL = "shuttle"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def crowded() -> AsyncIterator[World]:
    """A world with a Claude of its own, so that its limits meet no other test."""
    with redis_server() as url:
        world = await World.build(url)
        world.settings = {**MANY_THREADS, **MANY_TURNS}
        await world.start_bot()
        yield world
        await world.close()


@pytest.fixture
def crowd(crowded: World) -> World:
    crowded.begin()
    return crowded


def another_server(world: World, name: str) -> tuple[int, Any]:
    """A further server of the bot: a channel in it, and a person."""
    guild = world.discord.add_guild(name, bot=world.app)
    person = world.discord.add_user(f"one-of-{name}", display_name="One", guild=guild)
    return int(world.discord.add_channel(guild, "looms").id), person


def line(message: dict[str, Any]) -> str:
    """A status line without the mark of an unfinished reply."""
    return str(message["content"]).removesuffix(" ▌")


async def test_forty_threads_are_answered_though_claude_takes_few_at_once(crowd: World) -> None:
    places = [(crowd.channel(), crowd.ann), another_server(crowd, "second")]
    small = another_server(crowd, "small")
    await crowd.converse(small[0], "are you there?", small[1])
    await crowd.converse(places[1][0], "are you there?", places[1][1])
    crowd.claude.limits.at_once = AT_ONCE
    crowd.claude.say_when(lambda _: True, ["I ", "see."], times=None, pause=0.05)
    gates = [crowd.claude.hold() for _ in range(AT_ONCE)]
    asked = [
        (channel, person, f"heddle {number}")
        for (channel, person), count in zip(places, BUSY_THREADS, strict=True)
        for number in range(count)
    ]
    before = len(crowd.asked)
    posted = await asyncio.gather(
        *(person.post(channel, f"{crowd.mention} {text}") for channel, person, text in asked)
    )
    # The bot has learnt how many Claude takes before the small server asks.
    (bot,) = crowd.bots
    await crowd.until(lambda: any(each["at_once"] <= AT_ONCE for each in bot.log("claude_requests_lowered")))
    small_posted = await asyncio.gather(
        *(small[1].post(small[0], f"{crowd.mention} {SMALL} {number}") for number in range(SMALL_THREADS))
    )
    for message in small_posted:
        await bot.logged("turn_started", turn=int(message["id"]))
    for gate in gates:
        gate.release()
    posted += small_posted
    for message in posted:
        (reply,) = await crowd.answered(await crowd.thread_of(message))
        assert reply["content"] == "I see."
    requests = [str(call.body["messages"]) for call in crowd.asked[before:] if call.status == 200]
    assert len(requests) == THREADS
    assert crowd.claude.limits.most <= AT_ONCE
    assert crowd.claude.limits.refused <= THREADS
    last_of_small = max(index for index, said in enumerate(requests) if SMALL in said)
    assert last_of_small < THREADS / 2, "a small server waits for a round, not for all of a busy one"


async def test_a_limit_of_requests_in_a_minute_is_met_by_waiting_and_not_by_refusals(crowd: World) -> None:
    crowd.claude.limits.per_minute = 120
    crowd.claude.limits.use(112)
    channel = crowd.channel()
    posted = await asyncio.gather(*(crowd.ann.post(channel, f"{crowd.mention} {n}") for n in range(16)))
    for message in posted:
        await crowd.answered(await crowd.thread_of(message))
    assert len([call for call in crowd.asked if call.status == 200]) == 16
    assert crowd.claude.limits.refused <= 8


async def test_those_who_wait_see_how_many_are_before_them_and_are_answered(crowd: World) -> None:
    crowd.claude.limits.at_once = 1
    gates = [crowd.claude.hold(after=1) for _ in range(2)]
    channel = crowd.channel()
    threads = [await crowd.thread_of(await crowd.ann.post(channel, f"{crowd.mention} first"))]
    await gates[0].reached()
    later = [await crowd.ann.post(channel, f"{crowd.mention} later {number}") for number in range(5)]
    threads += [await crowd.thread_of(message) for message in later]
    told = {status_wording.queued(before) for before in range(6)}
    await crowd.until(lambda: any(line(each) in told for thread in threads for each in crowd.said(thread)))
    for gate in gates:
        gate.release()
    for thread in threads:
        (reply,) = await crowd.answered(thread)
        assert reply["content"] == "I see."
