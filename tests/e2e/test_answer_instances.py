"""The answer mode after a gap, with two instances, and what it costs."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.intake import Reason
from bot.conversation.reasons import because
from tests.e2e.answer_scene import choose, threads
from tests.e2e.controls import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_was_missed_is_answered_by_the_same_rules_and_nothing_from_before(alone: World) -> None:
    soon = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
    bot = await alone.start_bot(**soon)
    always, never, plain = (alone.channel() for _ in range(3))
    forum, shelf = alone.channel("forum"), alone.channel("forum")
    earlier = await alone.ann.post(always, "before it was set")
    opened, shelved = [
        int((await alone.ann.create_post(each, "Old", "before it was set"))["id"]) for each in (forum, shelf)
    ]
    await choose(alone, always, "always")
    for each in (opened, shelved):
        await choose(alone, each, "always", "channel")
    await choose(alone, never, "never")
    await bot.kill()
    async with Redis.from_url(alone.redis_url, decode_responses=True) as redis:
        # The channels are listed from the beginning, as after a rollback of the store.
        for key in [key async for key in redis.scan_iter("bobbin:*:hw")]:
            await redis.delete(key)
    missed = await alone.ann.post(always, "what is a warp?")
    post = int((await alone.ben.create_post(forum, "New", "which yarn?"))["id"])
    archived = int((await alone.ben.create_post(shelf, "Archived", "which colour?"))["id"])
    await alone.admin.edit_thread(archived, archived=True)
    await alone.ann.post(never, f"{alone.mention} hello?")
    await alone.ann.post(plain, "not for the bot")
    await alone.start_bot(**soon)
    await alone.answered(await alone.thread_of(missed))
    for place in (post, archived):
        await alone.answered(place)
    await alone.converse(plain, "the end")
    assert threads(alone, always) == [int(missed["id"])]
    assert alone.said(opened) == []
    assert threads(alone, never) == []
    assert int(earlier["id"]) not in alone.discord.world.channels


async def test_two_instances_answer_each_message_of_a_channel_once(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        await choose(own, channel, "always")
        for number in range(3):
            message = await own.ann.post(channel, f"question {number}")
            await own.answered(await own.thread_of(message))
            await own.settled(message)
        assert [len(own.replies(thread)) for thread in threads(own, channel)] == [1, 1, 1]
        await own.ann.post(channel, f"{own.mention} last")
        await own.until(lambda: len(threads(own, channel)) == 4)


async def test_plain_messages_of_a_channel_cost_no_call_to_the_store_each(world: World) -> None:
    async with world.apart() as own, Redis.from_url(own.redis_url, decode_responses=True) as redis:
        channel = own.channel()
        await own.ann.post(channel, "the first")
        thread = await own.converse(channel, "hello")
        await redis.config_resetstat()
        for number in range(20):
            await own.ann.post(channel, f"plain {number}")
        await own.settled(await own.ann.post(thread, "the end"))
        stats = await redis.info("commandstats")
        assert stats["cmdstat_hgetall"]["calls"] < 20


async def test_why_and_the_settings_name_the_mode_that_keeps_a_message_unanswered(world: World) -> None:
    channel = world.channel()
    thread = int((await world.ben.create_thread(channel, "Ben's"))["id"])
    await choose(world, thread, "always", who=world.ben)
    await choose(world, channel, "never")
    message = await world.ben.post(thread, "hello?")
    await world.converse(world.channel(), "the next")
    why = await answer(await world.ben.command(thread, "why", {"message": message["id"]}))
    assert because(Reason.ANSWERS_OFF).told("") in why
    assert "set for the channel to `never`" in why
    settings = await answer(await world.ben.command(thread, "settings show"))
    assert "Which messages I answer: **never** (set for the channel" in settings
