"""Many servers: shards in one process, shards divided among processes, and deploys that go from one to the next."""

from __future__ import annotations

import asyncio
import itertools
import signal
from typing import Any

import pytest

from bot.local.simulator.claude.reply import Reply
from tests.e2e.bot_process import BotProcess
from tests.e2e.shards_scene import SOON, as_discord_limits, group, server_on
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOAD = 36
PIECE_S = 0.15


async def test_one_process_runs_as_many_shards_as_discord_recommends(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=1)
    alone.discord.world.shards = 2
    channels = [server_on(alone, shard, 2) for shard in range(2)]
    bot = await alone.start_bot()
    assert [each["shard"] for each in alone.discord.gateway.handshakes if each["op"] == 2] == [[0, 2], [1, 2]]
    assert alone.discord.gateway.identified_too_soon == 0
    for channel in channels:
        await alone.converse(channel, "hello")
    await alone.ann.post(await alone.dm_of(alone.ann), "hello")
    await alone.answered(await alone.dm_of(alone.ann))
    # A shard that is cut off comes back by itself, and what was said meanwhile is answered.
    for connection in list(alone.discord.connections):
        if connection.session is not None and connection.session.shard == (1, 2):
            await connection.close(4000)
    await alone.converse(channels[1], "are you there?")
    assert await bot.stop() == 0


async def test_processes_that_divide_the_shards_answer_their_own_servers_alone(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=16)
    channels = [server_on(alone, shard, 2) for shard in range(2)]
    bots = [
        await alone.start_bot(
            BOT_DISCORD__SHARD_COUNT="2", BOT_DISCORD__SHARD_GROUPS="2", HOSTNAME=f"bobbin-{number}", **SOON
        )
        for number in range(2)
    ]
    threads = [await alone.converse(channel, "hello") for channel in channels]
    dm = await alone.dm_of(alone.ann)
    await alone.settled(await alone.ann.post(dm, "hello"))
    for thread in threads:
        await alone.settled(await alone.ann.post(thread, "and again"))
    for thread, number in ((threads[0], 0), (threads[1], 1), (dm, 0)):
        bot, other = bots[number], bots[1 - number]
        assert bot.log("turn_done", conversation=thread)
        assert str(thread) not in other.output, "the other process has nothing to do with the conversation"
    assert alone.discord.gateway.identified_too_soon == 0


async def test_the_second_process_of_a_shard_takes_over_from_the_one_that_is_killed(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=16)
    channel = server_on(alone, 1, 2)
    first = await alone.start_bot(**group(1, 2))
    other = await alone.start_bot(**group(0, 2))
    gate = alone.claude.hold(after=1)
    alone.claude.say(["The first half, ", "the second half."])
    thread = await alone.thread_of(await alone.ann.post(channel, f"{alone.mention} hello"))
    await gate.reached()
    await alone.until(lambda: alone.replies(thread))
    second = await alone.start_bot(**group(1, 2))
    alone.claude.say("All of it in one.")
    await first.kill()
    gate.release()
    (reply,) = await alone.answered(thread)
    assert reply["content"] == "All of it in one."
    await second.logged("turn_done", conversation=thread)
    assert not other.log("turn_done")


async def test_a_deploy_under_load_loses_and_repeats_nothing(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=16)
    channels = [server_on(alone, shard, 2) for shard in range(2)]
    alone.claude.default = lambda _: slowly()
    old = await asyncio.gather(*(alone.start_bot(**group(shard, 2)) for shard in range(2)))
    asked: dict[int, dict[str, Any]] = {}
    deployed = asyncio.Event()

    me = alone.discord.actor(alone.app.user_id)

    async def load() -> None:
        for number in itertools.count():
            if deployed.is_set() and number >= LOAD:
                break
            for channel in channels:
                thread = int((await me.create_thread(channel, f"thread {number}"))["id"])
                asked[thread] = await alone.ann.post(thread, f"{alone.mention} question {number}")
            await asyncio.sleep(PIECE_S)

    loading = asyncio.create_task(load())
    await alone.until(lambda: len(asked) >= LOAD // 3)
    new: list[BotProcess] = []
    for shard, leaving in enumerate(old):
        new.append(await alone.start_bot(**group(shard, 2)))
        leaving.signal(signal.SIGTERM)
        # On a busy machine the time limit may end a process that has much to hand over.
        assert await leaving.ended() in (0, -signal.SIGALRM)
    deployed.set()
    await loading
    for thread in asked:
        (reply,) = await alone.answered(thread)
        assert reply["content"] == "".join(PIECES)
    await alone.until(lambda: sum(len(bot.log("turn_done")) for bot in (*old, *new)) >= len(asked))
    assert all(bot.log("turn_done") for bot in (*old, *new)), "each process has answered"
    assert [each for each in alone.calls() if each.status == 429] == []
    assert alone.discord.gateway.identified_too_soon == 0


PIECES = ("One, ", "two, ", "three.")


def slowly() -> Any:
    """A reply that takes some time."""
    return Reply(PIECES, pause_s=PIECE_S)
