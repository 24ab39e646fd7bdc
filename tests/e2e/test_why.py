"""/why and *Apps › Why?*: each decision about a message, told to those who may read it, and to nobody else."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.commands import why_view
from bot.conversation import wording
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.controls import answer
from tests.e2e.in_time import first_answer
from tests.e2e.test_commands import set_prompt
from tests.e2e.why_scene import is_because, menu, url, why
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


# What the message and the rules tell


async def test_what_the_message_itself_tells_is_told_by_the_rules_as_they_are_now(world: World) -> None:
    channel = world.channel()
    plain = await world.ann.post(channel, "good morning")
    prefixed = await world.ann.post(channel, f"// {world.mention} between us")
    typed = await world.ann.post(channel, f"{world.mention} /help")
    bot = await world.another_bot("Chatty").post(channel, f"{world.mention} hello")
    for message, reason in (
        (plain, Reason.NOT_MENTIONED),
        (prefixed, Reason.PREFIXED),
        (typed, Reason.TYPED_COMMAND),
        (bot, Reason.NOT_A_PERSON),
    ):
        for text in (await why(world.ben, channel, message), await menu(world.ben, channel, message)):
            assert is_because(text, reason), text
            assert why_view.BY_TODAYS_RULES in text
            assert url(world, channel, message) in text
            assert "reply.when" not in text
    assert "`reply.ignore_prefix`, which is `//` by default" in await why(world.ben, channel, prefixed)


async def test_a_message_for_somebody_else_is_told_with_the_time_of_the_decision(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    aside = await world.ann.post(thread, f"<@{world.ben.id}> what do you think?")
    await world.ann.post(thread, "and you?")
    await world.answered(thread, 2)
    text = await why(world.ben, thread, aside)
    assert is_because(text, Reason.FOR_SOMEBODY_ELSE)
    assert "Decided <t:" in text
    assert await why(world.ben, thread) == text


async def test_where_only_mentions_count_the_setting_of_the_operator_is_named(world: World) -> None:
    async with world.apart({"BOT_REPLY__WHEN": "mentioned"}) as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        rule = "The rule: `reply.when`, which is `mentioned` by the settings of whoever runs me."
        for place, told in ((thread, True), (channel, False)):
            said = await own.ann.post(place, "go on")
            text = await why(own.ben, place, said)
            assert is_because(text, Reason.NOT_MENTIONED)
            assert (rule in text) is told


async def test_a_plain_message_costs_the_store_no_write(world: World) -> None:
    channel = world.channel()
    await world.ann.post(channel, "good morning")
    assert is_because(await why(world.ann, channel), Reason.NOT_MENTIONED)
    redis: Redis = Redis.from_url(world.redis_url)
    assert await redis.exists(Keys(world.prefix).decisions(channel)) == 0
    await redis.aclose()


# What was decided


async def test_a_rule_of_the_channel_is_told_with_who_has_set_it_for_admins_only(world: World) -> None:
    channel = world.channel()
    await answer(await world.admin.command(channel, "answer set", {"mode": "never"}))
    await answer(
        await world.admin.command(channel, "access block", {"person": world.ben.id, "scope": "channel"})
    )
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    text = await why(world.ben, channel, asked)
    assert is_because(text, Reason.ANSWERS_OFF)
    assert "The rule: set for the channel to `never` <t:" in text
    assert "<@" not in text
    assert f"by <@{world.admin.id}>" in await why(world.admin, channel, asked)
    await answer(await world.admin.command(channel, "answer clear"))
    blocked = await world.ben.post(channel, f"{world.mention} and me?")
    await world.converse(channel, "am I answered?")
    text = await why(world.ann, channel, blocked)
    assert is_because(text, Reason.BLOCKED)
    assert "<@" not in text
    assert f"by <@{world.admin.id}>" in await why(world.admin, channel, blocked)


# Replies


async def test_a_reply_tells_what_it_was_made_with(world: World) -> None:
    channel = world.channel()
    first = await world.ann.post(channel, f"{world.mention} hello?")
    thread = await world.thread_of(first)
    await world.answered(thread)
    await world.settled(first)
    await set_prompt(world.ann, thread, "A SECRET PROMPT")
    await answer(await world.ann.command(thread, "model set", {"effort": "low"}))
    files = [("notes.txt", "text/plain", b"A note about looms.")]
    asked = await world.ann.post(thread, "look", attachments=files)
    reply = (await world.answered(thread, 2))[-1]
    await world.settled(asked)
    for text in (await menu(world.ben, thread, reply), await why(world.ben, thread)):
        assert url(world, thread, asked) in text
        assert "effort low" in text
        assert "with the prompt for the thread" in text
        assert "Before it Claude saw 1 earlier turn." in text
        assert "from the cache" in text
        assert "Cost: $" in text
        assert "Files of this message: `notes.txt`." in text
        assert "SECRET" not in text
    told_first = await menu(world.ben, thread, world.replies(thread)[0])
    assert url(world, channel, first) in told_first
    assert "with the default prompt" in told_first
    answered = await why(world.ben, thread, asked)
    assert f"[This is the reply.]({url(world, thread, reply)})" in answered


# Who may ask


async def test_of_two_bots_one_answers_and_both_know(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        own.deny(channel, bits.CREATE_PUBLIC_THREADS, own.ben.id)
        asked = await own.ben.post(channel, f"{own.mention} hello?")
        await own.noticed(channel)
        texts = await asyncio.gather(*(why(own.ann, channel, asked) for _ in range(6)))
        assert all(is_because(text, Cause.MAY_NOT_OPEN, "Create Public Threads") for text in texts)


@pytest.mark.parametrize("command", ["why", "settings show"])
async def test_it_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int], command: str
) -> None:
    own, proxy, thread = flaky
    for delay_s in (0.8, 5.0):
        proxy.delay_s = delay_s
        assert (await first_answer(lambda: own.ann.command(thread, command))).ephemeral
    proxy.delay_s = 0.0
    proxy.leave()
    assert await answer(await own.ann.command(thread, command)) == wording.STORE_DOWN
