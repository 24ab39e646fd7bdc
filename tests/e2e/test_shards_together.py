"""What the processes of a bot share that divide its shards: each thing is done once, by the process of its server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation.approval_card import WITHDRAWN
from bot.local.simulator.claude import Reply
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.bounds_scene import PERMIT
from tests.e2e.budget_scene import mention
from tests.e2e.controls import answer, labels, press, sent
from tests.e2e.discord_tools_scene import call
from tests.e2e.forgetting_scene import forget
from tests.e2e.memory_scene import LOOM, ask, remember, told
from tests.e2e.shards_scene import as_discord_limits, divided, group, server_on
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_reminders import ON as REMINDERS
from tests.e2e.test_reminders import remind, reminded, reminders
from tests.e2e.test_tools import card_of
from tests.e2e.test_usage import asked_for
from tests.e2e.tools_scene import Scene, scene
from tests.e2e.world import ANSWER_S, LOOK_S, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]


async def card_waits(scene: Scene, channel: int) -> tuple[int, dict[str, Any]]:
    """A card of Ann's that waits in a new thread of a channel."""
    world = scene.world
    world.claude.say(Reply.of(PERMIT))
    world.claude.say("It waits.")
    thread = await world.thread_of(await world.ann.post(channel, f"{world.mention} please"))
    await world.until(lambda: any("Allow once" in labels(each) for each in world.said(thread)))
    await world.settled(thread)
    return thread, card_of(world, thread)


async def test_a_card_is_decided_in_its_server_while_the_processes_restart(scene: Scene) -> None:
    world = scene.world
    as_discord_limits(world, max_concurrency=16)
    channel = server_on(world, 1, 2)
    bots = [await scene.start(**group(shard, 2)) for shard in range(2)]
    threads = []
    for restarted in range(2):
        thread, card = await card_waits(scene, channel)
        await bots[restarted].kill()
        bots[restarted] = await scene.start(**group(restarted, 2))
        await press(world.ann, thread, card, "Allow once")
        await scene.shows(thread, "and done")
        await bots[1].logged("approved_tool_called", conversation=thread)
        assert labels(card_of(world, thread)) == []
        threads.append(thread)
    assert scene.made() == ["permit", "permit"]
    assert not any(str(thread) in bots[0].output for thread in threads)


async def test_a_person_is_forgotten_in_the_servers_of_all_processes(scene: Scene) -> None:
    world = scene.world
    as_discord_limits(world, max_concurrency=16)
    channels = [server_on(world, shard, 2) for shard in range(2)]
    bots = [await scene.start(**group(shard, 2)) for shard in range(2)]
    threads = [await world.converse(channel, "about tulips") for channel in channels]
    carded, _ = await card_waits(scene, channels[1])
    gate = world.claude.hold(after=1)
    first = await world.ben.post(threads[1], "wait for it")
    await gate.reached()
    together = [
        await world.ben.post(threads[1], "a word of Ben"),
        await world.ann.post(threads[1], "about tulips"),
    ]
    for message in together:
        await bots[1].said(str(message["id"]))
    second = world.claude.hold(after=1)
    gate.release()
    await second.reached()
    assert "tulips" in sent(world)
    await forget(world, world.ann, await world.dm_of(world.ann))
    assert bots[0].log("person_forgotten")
    second.release()
    await world.settled(first)
    await world.settled(together[0])
    assert "a word of Ben" in sent(world)
    assert "tulips" not in sent(world)
    await scene.shows(carded, WITHDRAWN["forgotten"])
    assert labels(card_of(world, carded)) == []
    for thread in threads:
        await world.settled(await world.ben.post(thread, "what do you know?"))
        assert "tulips" not in sent(world)
    assert not [key for key, value in (await stored(world)).items() if "tulips" in value]
    assert scene.made() == []


async def test_a_reminder_is_posted_once_by_the_process_that_stands_by_for_its_server(alone: World) -> None:
    channels, bots = await divided(alone, **REMINDERS)
    standby = await alone.start_bot(**group(1, 2, **REMINDERS))
    thread = await alone.converse(channels[1], "hello")
    await alone.settled(thread)
    dm = await alone.dm_of(alone.ann)
    await call(alone, dm, remind("feed the moths", 0.05))
    await call(alone, thread, remind("stir the pot", 0.1))
    await bots[1].kill()
    await reminded(alone, thread)
    await reminded(alone, dm)
    await standby.logged("reminder_posted")
    await bots[0].logged("reminder_posted")
    assert not bots[0].log("reminder_posted", conversation=thread)
    assert not standby.log("reminder_posted", conversation=dm)
    await alone.settled(await alone.ann.post(thread, "there?"))
    assert len(reminders(alone, thread)) == len(reminders(alone, dm)) == 1


async def test_the_limit_of_a_bot_is_shared_by_its_processes(alone: World) -> None:
    channels, bots = await divided(alone, BOT_BUDGETS__BOT="3 messages per month")
    posted = await asyncio.gather(
        *(mention(alone, who, "hello", channel) for who in (alone.ann, alone.ben) for channel in channels * 2)
    )
    await asyncio.gather(*(alone.settled(message) for message in posted))
    assert len(alone.asked) == 3
    assert sum(len(bot.log("budget_reached")) for bot in bots) == 5


async def test_branches_of_one_person_in_servers_of_several_processes_are_all_made(alone: World) -> None:
    channels, bots = await divided(alone)
    threads = [await alone.converse(channel, "hello") for channel in channels]
    alone.discord.faults.add(
        action="delay", method="POST", route=r"/channels/\d+/threads", delay_s=600.0, times=None
    )
    for thread in threads:
        await alone.settled(thread)
        await alone.ann.context_command(thread, "Branch here", int(alone.replies(thread)[-1]["id"]))
    keys = Keys(alone.prefix)
    async with redis_of(alone) as redis:
        async with bots[0].patience(ANSWER_S).limit():
            while (
                sum(str(each).endswith(":job") for each in await redis.hkeys(keys.branches(alone.ann.id))) < 2
            ):
                await asyncio.sleep(LOOK_S)
        for bot in bots:
            await bot.kill()
        alone.discord.faults.clear()
        for shard in (1, 0):
            await redis.zadd(keys.branch_queue, {str(alone.ann.id): 1}, xx=True)
            bot = await alone.start_bot(**group(shard, 2))
            await bot.logged("conversation_branched", conversation=threads[shard])
            assert len(bot.log("conversation_branched")) == 1


async def test_commands_and_what_is_remembered_belong_to_one_server(alone: World) -> None:
    channels, bots = await divided(alone, BOT_TOOLS__ON='["remember"]')
    assert len(alone.called("PUT", "/commands")) == 1
    records = [
        alone.discord.add_channel(
            alone.discord.world.guilds[alone.discord.world.channels[c].guild_id], "records"
        ).id
        for c in channels
    ]
    threads = [await ask(alone, channel) for channel in channels]
    await remember(alone.ann, channels[1], LOOM)
    for shard, channel in enumerate(channels):
        await alone.settled(await alone.ben.post(threads[shard], "where is the loom?"))
        assert [LOOM in fact for fact in told(alone)] == [True] * shard
        await answer(await alone.admin.command(channel, "audit channel", {"channel": str(records[shard])}))
        await answer(await alone.admin.command(channel, "model set", {"effort": "low"}))
        await alone.until(lambda: f"set the effort of <#{channel}>" in str(alone.said(records[shard])))
        assert "1 message" in (await asked_for(alone.ann, threads[shard]))["content"]
        alone.claude.say("Of looms.")
        assert "Of looms." in await answer(await alone.ben.command(threads[shard], "catchup"))
        alone.deny(channel, bits.CREATE_PUBLIC_THREADS)
        assert "lacks Create Public Threads" in await answer(await alone.admin.command(channel, "check"))
