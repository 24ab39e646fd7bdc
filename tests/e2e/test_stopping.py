"""Being told to stop: what runs is finished or handed over, and the process is gone within 10 s."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from bot.shutdown import SAME_REQUEST_S, SHUTDOWN_S
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMISED_S = 10.0

SLOW_S = 5.0
"""What a machine that is busy with something else may add; without a bound, each of these would take a minute."""

AT_ONCE_S = 5.0
"""Less than the bot waits for what it writes, and than it gives a start."""


async def half_a_reply(world: World) -> tuple[BotProcess, Any, int]:
    """A bot in the midst of a reply, the gate that holds the rest back, and the thread."""
    gate = world.claude.hold(after=1)
    world.claude.say(["The first half, ", "the second half."])
    bot = world.bots[-1]
    thread = await world.thread_of(await world.ann.post(world.channel(), f"{world.mention} hello"))
    await gate.reached()
    await world.until(lambda: world.replies(thread))
    return bot, gate, thread


async def test_a_reply_with_a_short_rest_is_finished(alone: World) -> None:
    await alone.start_bot()
    bot, gate, thread = await half_a_reply(alone)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    gate.release()
    assert await bot.ended() == 0
    assert [m["content"] for m in alone.replies(thread)] == ["The first half, the second half."]
    assert "handing_over_turns" not in bot.output


async def test_a_reply_with_a_long_rest_is_completed_in_the_same_message_by_the_next_start(
    alone: World,
) -> None:
    await alone.start_bot(BOT_SHUTDOWN__GRACE_S="0.3")
    bot, gate, thread = await half_a_reply(alone)
    (begun,) = alone.replies(thread)
    bot.signal(signal.SIGTERM)
    assert await bot.ended() == 0
    assert "shutdown_timed_out" not in bot.output
    gate.release()
    alone.claude.say("All of it in one.")
    await alone.start_bot()
    (reply,) = await alone.answered(thread)
    assert reply["id"] == begun["id"]
    assert reply["content"] == "All of it in one."


async def test_what_is_said_while_it_leaves_is_answered_after_the_next_start(alone: World) -> None:
    short = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.5"}
    await alone.start_bot(**short)
    bot, gate, thread = await half_a_reply(alone)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    late = await alone.ben.post(thread, "and what about me?")
    await alone.kept(late)
    gate.release()
    assert await bot.ended() == 0
    await alone.start_bot(**short)
    await alone.answered(thread, 2)
    assert "and what about me?" in str(alone.asked[-1].body)


async def test_a_second_signal_leaves_at_once(alone: World) -> None:
    await alone.start_bot()
    bot, _, _ = await half_a_reply(alone)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    await asyncio.sleep(SAME_REQUEST_S)
    bot.signal(signal.SIGINT)
    assert await bot.ended(AT_ONCE_S) == 128 + signal.SIGINT


async def test_one_order_that_comes_twice_is_one(alone: World) -> None:
    await alone.start_bot()
    bot, gate, thread = await half_a_reply(alone)
    bot.signal(signal.SIGINT)
    bot.signal(signal.SIGTERM)
    await bot.said("finishing_turns")
    gate.release()
    assert await bot.ended() == 0
    assert [m["content"] for m in alone.replies(thread)] == ["The first half, the second half."]


async def test_it_leaves_in_time_while_claude_and_discord_hang(alone: World) -> None:
    assert SHUTDOWN_S < PROMISED_S
    await alone.start_bot()
    bot, _, thread = await half_a_reply(alone)
    alone.discord.faults.add(action="delay", times=None, delay_s=60)
    await alone.ben.post(alone.channel(), f"{alone.mention} and a thread that cannot be made")
    bot.signal(signal.SIGTERM)
    assert await bot.ended(PROMISED_S + SLOW_S) == 0
    assert alone.replies(thread)[0]["content"].endswith("▌")  # as it had to be left, for the next start


async def test_it_leaves_in_time_while_redis_is_gone() -> None:
    with redis_server() as url:
        world = await World.build(url)
        await world.start_bot(BOT_SHUTDOWN__GRACE_S="7")
        bot, gate, _ = await half_a_reply(world)
    gate.release()  # it is answered, and can be written down nowhere
    bot.signal(signal.SIGTERM)
    assert await bot.ended(PROMISED_S + SLOW_S) == 0
    await world.close()


@pytest.mark.parametrize("hanging", ["discord", "claude", "redis"])
async def test_it_leaves_at_once_while_a_start_hangs(alone: World, hanging: str) -> None:
    environment = alone.environment()
    accepted = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        name, value = {
            "discord": ("BOT_DISCORD__API_URL", f"http://127.0.0.1:{port}/api/v10"),
            "claude": ("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{port}"),
            "redis": ("REDIS_URL", f"redis://127.0.0.1:{port}"),
        }[hanging]
        bot = await BotProcess.start({**environment, name: value}, "--strict")
        async with bot.patience(START_S).limit():
            await accepted.wait()
        bot.signal(signal.SIGTERM)
        assert await bot.ended(AT_ONCE_S) == 0
        assert "Traceback" not in bot.output
