"""What a conversation cost is the sum of what its requests cost, whatever became of its turns."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from bot.claude.prices import price_book
from bot.conversation.pricing import cost, dollars
from bot.conversation.request import Usage
from bot.simulator.claude import faults
from bot.store.codec import load_turn
from tests.e2e.controls import anew, press
from tests.e2e.test_commands import answer
from tests.e2e.test_history import asks_for_a_summary, long_text, say, store_of, stored_turns
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


DAY = dt.datetime.now(dt.UTC).date()


def billed(request: Any) -> int:
    """What a request costs by the price list and the simulator's own account of it, in micro-dollars."""
    used = request.usage
    written = used["cache_creation"]
    usage = Usage(
        input=used["input_tokens"],
        cache_write_5m=written["ephemeral_5m_input_tokens"],
        cache_write_1h=written["ephemeral_1h_input_tokens"],
        cache_read=used["cache_read_input_tokens"],
        output=used["output_tokens"],
    )
    prices = price_book({}).of(request.body["model"], DAY)
    assert prices is not None
    return cost(usage, prices)


async def check(own: World, thread: int) -> None:
    """Compare what the conversation is said to have cost, in all places, with its requests."""
    total = sum(billed(request) for request in own.asked)
    async with store_of(own) as redis:
        meta = await redis.hgetall(f"{own.prefix}:{{{thread}}}:meta")
    assert int(meta["cost"]) == total
    assert "unpriced" not in meta
    assert sum(load_turn(entry).cost or 0 for entry in await stored_turns(own, thread)) == total
    shown = re.search(r"Cost so far: (\S+)\.\n?", await answer(await own.ann.command(thread, "context")))
    assert shown is not None
    assert shown[1] == dollars(total)


async def test_replies_that_are_written_anew_and_continued_cost_what_all_their_requests_do(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), long_text(0))
        await own.settled(thread)
        own.claude.faults.add(faults.max_tokens(1))
        own.claude.say(["One ", "x"])
        await own.settled(await own.ann.post(thread, "count"))
        await check(own, thread)
        own.claude.say("two.")
        await press(own.ann, thread, own.replies(thread)[-1], "Continue")
        await anew(own, thread, "One two.")
        await own.until(lambda: own.replies(thread)[-1].get("components"))
        await check(own, thread)
        own.claude.say("All anew.")
        assert await answer(await own.ann.command(thread, "retry"))
        await anew(own, thread, "All anew.")
        await say(own, thread, "go on")
        assert len(own.asked) == 5
        await check(own, thread)


async def test_summaries_are_part_of_what_a_conversation_cost(world: World) -> None:
    settings = {"BOT_HISTORY__MAX_TOKENS": "2500", "BOT_HISTORY__ON_TRIM": "summarize"}
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms.")
        thread = await own.converse(own.channel(), long_text(0))
        await own.settled(thread)
        for number in range(1, 4):
            await say(own, thread, long_text(number))
        assert any(asks_for_a_summary(request.body) for request in own.asked)
        await check(own, thread)
