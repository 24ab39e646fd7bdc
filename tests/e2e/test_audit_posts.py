"""The posts of the audit log while bots are killed, Discord is away and channels are deleted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bot.commands.audit import posted_from_now_on, posting
from bot.turns.audit_poster import HOLD_S
from tests.e2e.test_commands import answer
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON = {"BOT_TURNS__POLL_S": "0.2"}


async def act(world: World, channel: int, effort: str) -> None:
    """Change a setting, which is one entry of the log."""
    await answer(await world.admin.command(channel, "model set", {"effort": effort}))


async def choose(world: World, channel: int, records: int) -> None:
    """Have the log posted to a channel, and wait for the entry of the choice."""
    chosen = await world.admin.command(channel, "audit channel", {"channel": str(records)})
    assert await answer(chosen) == posted_from_now_on(records)
    await world.until(lambda: world.said(records))


def lines(world: World, records: int) -> list[str]:
    """The lines that stand in a channel, without who and when."""
    posted: list[dict[str, Any]] = world.said(records)
    found = [line for message in posted for line in message["content"].split("\n")]
    return [line.partition(f"<@{world.admin.id}> ")[2] for line in found]


@pytest.mark.parametrize("lands", [True, False])
async def test_a_bot_that_is_killed_while_it_posts_neither_loses_nor_repeats_an_entry(lands: bool) -> None:
    ahead_s = [0.0]
    with redis_server() as url:
        world = await World.build(url, clock=lambda: time.time() + ahead_s[0])
        try:
            bot = await world.start_bot(**SOON)
            channel, records = world.channel(), world.channel()
            await choose(world, channel, records)
            # No try of the post gets an answer; whether the message stands there, the bot cannot know.
            fault = world.discord.faults.add(
                action="reset_after" if lands else "reset",
                method="POST",
                route=f"/channels/{records}/messages$",
                times=None,
            )
            await act(world, channel, "low")
            await world.until(lambda: fault.struck)
            await bot.kill()
            world.bots.clear()
            world.discord.faults.clear()
            assert len(world.said(records)) == (2 if lands else 1)
            ahead_s[0] = HOLD_S + 5
            await world.start_bot(**SOON)
            await act(world, channel, "high")
            await world.until(lambda: "`low` → `high`" in str(world.said(records)))
            assert lines(world, records) == [
                f"set the channel of this log: <#{records}>",
                f"set the effort of <#{channel}>: `low`",
                f"changed the effort of <#{channel}>: `low` → `high`",
            ]
        finally:
            await world.close()


async def test_while_discord_is_away_entries_wait_and_are_posted_in_order(world: World) -> None:
    async with world.apart(SOON) as own:
        channel, records = own.channel(), own.channel()
        await choose(own, channel, records)
        route = f"/channels/{records}/messages$"
        fault = own.discord.faults.add(action="status", status=503, method="POST", route=route, times=None)
        await act(own, channel, "low")
        await own.until(lambda: fault.struck)
        own.discord.faults.clear()
        await act(own, channel, "high")
        await own.until(lambda: "`low` → `high`" in str(own.said(records)))
        assert lines(own, records)[1:] == [
            f"set the effort of <#{channel}>: `low`",
            f"changed the effort of <#{channel}>: `low` → `high`",
        ]


async def test_the_entries_that_a_deleted_channel_did_not_get_reach_the_next_one(world: World) -> None:
    async with world.apart(SOON) as own:
        channel, records, others = own.channel(), own.channel(), own.channel()
        await choose(own, channel, records)
        await own.admin.delete_channel(records)
        await act(own, channel, "low")
        told = await own.bots[0].logged("audit_not_posted")
        assert "/audit channel" in told["hint"]
        said = await answer(await own.admin.command(channel, "audit show"))
        assert posting(records, "", is_known=False) in said
        await choose(own, channel, others)
        assert lines(own, others) == [
            f"set the effort of <#{channel}>: `low`",
            f"changed the channel of this log: <#{records}> → <#{others}>",
        ]
