"""What a conversation cost is the sum of what its requests cost, whatever became of its turns."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from typing import Any

import pytest

from bot.claude.prices import price_book
from bot.conversation.pricing import cost, dollars
from bot.conversation.request import Usage
from bot.local.simulator.claude import faults
from bot.store.codec import load_turn
from tests.e2e.budgets import max_tokens
from tests.e2e.controls import anew, labels, press
from tests.e2e.history_scene import long_text, say, store_of, stored_turns
from tests.e2e.test_commands import answer
from tests.e2e.test_trimming import asks_for_a_summary
from tests.e2e.world import World
from tests.patience import idle_timeout

pytestmark = pytest.mark.asyncio(loop_scope="session")


DAY = dt.datetime.now(dt.UTC).date()


def billed(request: Any, *, ended: bool = True) -> int:
    """What a request costs by the price list and the simulator's own account of it, in micro-dollars.

    Unless it `ended`, that is what it had told by then: all but its output.
    """
    used = request.usage
    written = used["cache_creation"]
    usage = Usage(
        input=used["input_tokens"],
        cache_write_5m=written["ephemeral_5m_input_tokens"],
        cache_write_1h=written["ephemeral_1h_input_tokens"],
        cache_read=used["cache_read_input_tokens"],
        output=used["output_tokens"] if ended else 0,
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


async def accounts(own: World, thread: int) -> tuple[int, int]:
    """What a conversation is said to have cost, and of how many requests not all is known."""
    async with store_of(own) as redis:
        meta = await redis.hgetall(f"{own.prefix}:{{{thread}}}:meta")
    return int(meta["cost"]), int(meta.get("unpriced", 0))


async def until_told(own: World, thread: int, *, broken: int) -> None:
    """Wait until a conversation is said to have cost what its requests did, of which one broke off."""
    async with idle_timeout(20, *(bot.pid for bot in own.bots)):
        while (told := await accounts(own, thread)) != (expected := (spent(own, broken), 1)):
            assert told[0] <= expected[0]
            await asyncio.sleep(0.05)


def spent(own: World, broken: int) -> int:
    """What all requests cost, the output of the one that broke off left out."""
    return sum(billed(request, ended=number != broken) for number, request in enumerate(own.asked))


async def test_of_a_reply_that_is_lost_before_its_text_and_asked_for_again_what_it_read_is_counted(
    world: World,
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), long_text(0))
        await own.settled(thread)
        own.claude.faults.add(faults.dropped(0))
        await say(own, thread, "two")
        assert len(own.asked) == 3
        expected = spent(own, 1)
        assert await accounts(own, thread) == (expected, 1)
        shown = await answer(await own.ann.command(thread, "context"))
        assert (
            f"Cost so far: at least {dollars(expected)}, because 1 request could not be fully priced."
            in shown
        )


@pytest.mark.parametrize("shown", [True, False], ids=["in its text", "before it"])
@pytest.mark.parametrize("change", ["edited", "deleted", "stopped"])
async def test_of_a_reply_that_is_broken_off_what_it_read_is_counted_and_nothing_twice(
    world: World, change: str, *, shown: bool
) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), long_text(0))
        await own.settled(thread)
        gate = own.claude.hold(after=int(shown))
        own.claude.say(["One ", "two"])
        message = await own.ann.post(thread, "what is a lom?")
        await gate.reached()
        if shown:
            await own.until(lambda: len(own.replies(thread)) == 2 and labels(own.replies(thread)[-1]))
        if change == "edited":
            await own.ann.edit(thread, message["id"], "what is a loom?")
            await own.claude.until(lambda: len(own.asked) == 3)
        elif change == "deleted":
            await own.ann.delete(thread, message["id"])
        else:
            await own.ann.command(thread, "stop")
        await until_told(own, thread, broken=1)
        gate.release()
        await say(own, thread, "and now?")
        await until_told(own, thread, broken=1)


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
    settings = {
        "BOT_REPLY__TITLES": "message",
        "BOT_HISTORY__MAX_TOKENS": max_tokens(2025),
        "BOT_HISTORY__ON_TRIM": "summarize",
    }
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms.")
        thread = await own.converse(own.channel(), long_text(0))
        await own.settled(thread)
        for number in range(1, 4):
            await say(own, thread, long_text(number))
        assert any(asks_for_a_summary(request.body) for request in own.asked)
        await check(own, thread)
