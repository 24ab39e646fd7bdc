"""Messages that wait until their limit renews, and notices of what is used up."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from bot.commands import budget_view
from tests.e2e.budget_scene import LONG_S, mention, refused, set_limit
from tests.e2e.test_commands import answer
from tests.e2e.world import MANY_THREADS, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def held(own: World, thread: int) -> dict[str, Any]:
    """Write in a thread until a message waits for the next minute, and return that message."""
    while True:
        message: dict[str, Any] = await own.ann.post(thread, "and now?")
        turn = int(message["id"])
        await own.until(partial(_heard, own, turn))
        if own.bots[0].log("turn_postponed", turn=turn):
            return message


def _heard(own: World, turn: int) -> bool:
    return bool(own.bots[0].log("turn_postponed", turn=turn) or own.bots[0].log("turn_done", turn=turn))


KEEP = {"BOT_BUDGETS__PERSON": "1 message per minute", "BOT_BUDGETS__AT_LIMIT": "keep"}


async def test_a_kept_message_is_answered_when_the_limit_renews_and_told_of_once(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        answered = len(own.replies(thread))
        (line,) = [m["content"] for m in own.said(thread) if "used up" in m["content"]]
        assert "Your message is kept, and the answer comes by itself" in line
        await own.ann.post(thread, "hello?")
        await own.settled(message, LONG_S)
        assert len(own.replies(thread)) == answered + 1
        assert len([m for m in own.said(thread) if "used up" in m["content"]]) == 1


async def test_a_kept_message_does_not_keep_others_waiting(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        asked = len(own.asked)
        await own.ben.post(thread, "may I?")
        await own.settled(message)
        assert "and now?" in str(own.asked[asked].body["messages"][-1])
        assert "may I?" in str(own.asked[asked].body["messages"][-1])


async def test_a_kept_message_outlives_a_restart(world: World) -> None:
    async with world.apart(KEEP) as own:
        thread = await own.converse(own.channel(), "one")
        message = await held(own, thread)
        await own.bots.pop().kill()
        await own.start_bot()
        await own.settled(message, LONG_S)


async def test_the_chosen_channel_is_told_once_at_80_and_once_at_100_percent(world: World) -> None:
    async with world.apart(MANY_THREADS, bots=2) as own:
        channel, told = own.channel(), own.channel()
        await set_limit(own, channel, "5 messages per month")
        said = await answer(await own.admin.command(channel, "budget notify", {"channel": str(told)}))
        assert said == budget_view.notify_set(told)
        for number in range(4):
            await own.settled(await own.converse(channel, f"number {number}"))
        await own.noticed(told, 2)
        await own.settled(await own.converse(channel, "the last"))
        await own.noticed(told, 3)
        await refused(own, await mention(own, own.ann, channel=channel))
        first, eighty, hundred = [m["content"] for m in own.said(told)]
        assert first == f"-# {budget_view.NOTIFY_TEST}"
        assert (
            "The limit of this server is used up to 80 percent: 4 messages of 5 messages per month" in eighty
        )
        assert "The limit of this server is used up: 5 messages of 5 messages per month" in hundred
