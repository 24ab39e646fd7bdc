"""What the processes of a bot share that divide its shards: each thing is done once, by the process of its server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.approval_card import WITHDRAWN
from bot.local.simulator.claude import Reply, faults
from bot.local.simulator.discord import permissions as bits
from bot.store.branches import RETRY_S
from bot.store.keys import Keys
from tests.e2e.bounds_scene import PERMIT
from tests.e2e.branch_scene import branched
from tests.e2e.budget_scene import mention
from tests.e2e.controls import answer, labels, press, sent
from tests.e2e.discord_tools_scene import call
from tests.e2e.forgetting_scene import forget
from tests.e2e.memory_scene import LOOM, ask, remember, told
from tests.e2e.shards_scene import as_discord_limits, divided, group, server_on
from tests.e2e.stored import redis_of, stored
from tests.e2e.test_consent import REQUIRED, asked_below
from tests.e2e.test_reminders import ON as REMINDERS
from tests.e2e.test_reminders import remind, reminded, reminders
from tests.e2e.test_tools import card_of
from tests.e2e.test_usage import asked_for
from tests.e2e.tools_scene import Scene, scene
from tests.e2e.world import ANSWER_S, LOOK_S, World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

__all__ = ["scene"]

DAY_S = 24 * 3600.0


async def comes_true(
    world: World, read: Callable[[], Awaitable[Any]], condition: Callable[[Any], bool]
) -> None:
    """Wait for something in Redis, which tells nobody of its changes."""
    async with world.bots[-1].patience(ANSWER_S).limit():
        while not condition(await read()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_S)


async def says(world: World, place: int, text: str) -> None:
    """Wait until the bot has said something in a place."""
    await world.until(lambda: text in str([each["content"] for each in world.said(place)]))


async def _mark(redis: Redis, world: World, channel: int) -> int:
    return int(str(await redis.get(Keys(world.prefix).high_water_mark(channel)) or 0))


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


async def test_a_branch_that_one_process_gives_up_leaves_the_persons_other_branch_to_its_process(
    alone: World,
) -> None:
    channels, bots = await divided(alone)
    threads = [await alone.converse(channel, "hello") for channel in channels]
    route = r"/channels/\d+/threads"
    alone.discord.faults.add(action="delay", method="POST", route=route, delay_s=600.0, times=None)
    for thread in threads:
        await alone.settled(thread)
        await alone.ann.context_command(thread, "Branch here", int(alone.replies(thread)[-1]["id"]))
    keys = Keys(alone.prefix)
    async with redis_of(alone) as redis:
        await comes_true(
            alone,
            lambda: redis.hkeys(keys.branches(alone.ann.id)),
            lambda found: sum(str(each).endswith(":job") for each in found) == 2,
        )
        for bot in bots:
            await bot.kill()
        alone.discord.faults.clear()
        alone.deny(channels[1], bits.CREATE_PUBLIC_THREADS)
        person = str(alone.ann.id)
        await redis.zadd(keys.branch_queue, {person: 1}, xx=True)
        given_up = await (await alone.start_bot(**group(1, 2))).logged("branch_given_up")
        at_ms = datetime.fromisoformat(given_up["timestamp"]).timestamp() * 1000
        # The process has looked at the person, whose entry is due again, or else is gone.
        await comes_true(
            alone,
            lambda: redis.zscore(keys.branch_queue, person),
            lambda due_ms: due_ms is None or due_ms > at_ms + RETRY_S * 1000,
        )
        await redis.zadd(keys.branch_queue, {person: 1}, xx=True)
        bot = await alone.start_bot(**group(0, 2))
        await bot.logged("conversation_branched", conversation=threads[0])


async def test_commands_and_what_is_remembered_belong_to_one_server(alone: World) -> None:
    channels, _ = await divided(alone, BOT_TOOLS__ON='["remember"]')
    threads = [await ask(alone, channel) for channel in channels]
    await remember(alone.ann, channels[1], LOOM)
    for shard, channel in enumerate(channels):
        thread = threads[shard]
        await alone.settled(await alone.ben.post(thread, "where is the loom?"))
        assert [LOOM in fact for fact in told(alone)] == [True] * shard
        assert "1 message" in (await asked_for(alone.ann, thread))["content"]
        alone.claude.say("Of looms.")
        assert "Of looms." in await answer(await alone.ben.command(thread, "catchup"))
        there = await branched(alone, alone.ben, thread, alone.replies(thread)[-1])
        await alone.settled(await alone.ben.post(there, "and here?"))
        alone.deny(channel, bits.CREATE_PUBLIC_THREADS)
        assert "lacks Create Public Threads" in await answer(await alone.admin.command(channel, "check"))


async def test_the_audit_log_is_posted_by_the_process_that_knows_the_servers_permissions(
    alone: World,
) -> None:
    channels, bots = await divided(alone)
    guild = alone.discord.world.guilds[alone.discord.world.channels[channels[1]].guild_id or 0]
    for number, effort in enumerate(("low", "high", "medium")):
        records = int(alone.discord.add_channel(guild, f"records-{number}").id)
        await answer(await alone.admin.command(channels[1], "audit channel", {"channel": str(records)}))
        await says(alone, records, f"<#{records}>")
        alone.deny(records, bits.SEND_MESSAGES)
        await answer(await alone.admin.command(channels[1], "model set", {"effort": effort}))
        refused = await bots[1].logged("audit_not_posted", channel=records)
        assert "“Send Messages”" in refused["hint"]
    alone.deny(records, 0)
    await answer(await alone.admin.command(channels[1], "model set", {"effort": "low"}))
    await says(alone, records, "`medium` → `low`")
    assert not bots[0].log("audit_not_posted")


async def test_who_agrees_in_direct_messages_is_answered_in_the_servers_of_other_processes(
    alone: World,
) -> None:
    channels, bots = await divided(alone, **REQUIRED, BOT_RECOVERY__EVERY_S="1")
    asked = await alone.ann.post(channels[1], f"{alone.mention} hello")
    line = await asked_below(alone, channels[1], asked)
    async with redis_of(alone) as redis:
        # The listings have passed the message.
        await comes_true(
            alone, lambda: _mark(redis, alone, channels[1]), lambda mark: mark >= int(line["id"])
        )
    dm = await alone.dm_of(alone.ann)
    question = await asked_below(alone, dm, await alone.ann.post(dm, "hello"))
    await press(alone.ann, dm, question, "I agree")
    await alone.settled(asked)
    await alone.answered(dm)
    assert bots[1].log("turn_done", turn=int(asked["id"]))
    told = [each["id"] for each in alone.said(channels[1])]
    assert told == [line["id"]], "nobody is told of a permission that is not lacking"


async def test_the_presence_shows_the_health_of_the_process_in_its_servers(alone: World) -> None:
    channels, bots = await divided(alone)
    alone.claude.faults.add(faults.unauthorized())
    await alone.ann.post(channels[1], f"{alone.mention} hello")
    await bots[1].logged("presence_shown", status="idle", reason="Claude refuses my key")
    alone.claude.clear()
    await alone.converse(channels[0], "hello")
    await alone.converse(channels[1], "hello again")
    await bots[1].logged("presence_shown", status="online")
    assert not bots[0].log("presence_shown")


async def test_what_a_server_keeps_for_too_long_is_erased_by_any_process() -> None:
    ago_s = 5 * DAY_S
    with redis_server() as url:
        world = await World.build(url, clock=lambda: time.time() - ago_s)
        try:
            channels, bots = await divided(world)
            thread = await world.converse(channels[1], "about tulips")
            await world.settled(thread)
            await answer(await world.admin.command(channels[1], "privacy set", {"retention_days": 3}))
            for bot in bots:
                await bot.stop()
            ago_s = 0.0
            bot = await world.start_bot(**group(0, 2))
            await bot.logged("conversations_expired", conversations=1)
            assert not [key for key, value in (await stored(world)).items() if "tulips" in value]
        finally:
            await world.close()
