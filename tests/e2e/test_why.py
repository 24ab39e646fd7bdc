"""/why and *Apps › Why?*: each decision about a message, told to those who may read it, and to nobody else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.commands import why_view
from bot.conversation import wording
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.message import created_ms
from bot.conversation.reasons import because
from bot.gateway.error_codes import THREAD_LOCKED
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.controls import answer, press, streaming
from tests.e2e.in_time import first_answer
from tests.e2e.test_commands import reset, set_prompt
from tests.e2e.test_proxied import Proxied
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def why(person: Any, place: int, message: dict[str, Any] | int | str | None = None) -> str:
    """Ask about a message by its id or its link, or about the latest one."""
    named = message["id"] if isinstance(message, dict) else message
    options = {} if named is None else {"message": str(named)}
    return await answer(await person.command(place, "why", options))


async def menu(person: Any, place: int, message: dict[str, Any]) -> str:
    """Use the menu of a message."""
    return await answer(await person.context_command(place, "Why?", message["id"]))


def is_because(text: str, reason: str, detail: str = "") -> bool:
    """Whether an answer tells a reason, and what to do."""
    row = because(reason)
    return row.told(detail) in text and row.switch in text


def url(world: World, channel: int, message: dict[str, Any] | int) -> str:
    """The link to a message."""
    named = message["id"] if isinstance(message, dict) else message
    return f"https://discord.com/channels/{world.guild.id}/{channel}/{named}"


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


async def test_the_permission_that_the_author_lacks_is_named(world: World) -> None:
    channel = world.channel()
    world.deny(channel, bits.CREATE_PUBLIC_THREADS, world.ben.id)
    asked = await world.ben.post(channel, f"{world.mention} hello?")
    await world.noticed(channel)
    text = await why(world.ann, channel, asked)
    assert is_because(text, Cause.MAY_NOT_OPEN, "Create Public Threads")
    assert await why(world.ann, channel) == text, "it is the latest message for the bot that was not answered"


async def test_the_permission_that_the_bot_lacks_is_named(world: World) -> None:
    channel = world.channel()
    world.deny(channel, bits.CREATE_PUBLIC_THREADS)
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    (notice,) = await world.noticed(channel)
    for text in (await why(world.ben, channel, asked), await why(world.ben, channel)):
        assert is_because(text, Cause.BOT_LACKS_PERMISSION, "Create Public Threads"), text
    assert await menu(world.ben, channel, notice) == why_view.NOTICE


async def test_a_failure_is_told_with_what_was_said_and_gone_once_it_is_answered(world: World) -> None:
    channel = world.channel()
    world.claude.faults.add(faults.empty())
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    thread = await world.thread_of(asked)
    (reply,) = await world.answered(thread)
    await world.settled(asked)
    notice = reply["content"].removeprefix(wording.SMALL)
    for text in (
        await why(world.ben, channel, asked),
        await menu(world.ben, thread, reply),
        await why(world.ben, thread),
        await why(world.ben, channel),
    ):
        assert is_because(text, Cause.FAILED, notice), text
    world.claude.say("Now.")
    await press(world.ann, thread, world.replies(thread)[-1], "Try again")
    await world.until(lambda: world.replies(thread)[-1]["content"] == "Now.")
    assert "was answered" in await why(world.ben, channel, asked)


async def test_a_message_that_is_set_aside_names_the_number_of_attempts(world: World) -> None:
    async with world.apart({"BOT_TURNS__TRIES": "1"}) as own:
        thread = await own.converse(own.channel(), "hello")
        gate = own.claude.hold(after=1)
        own.claude.say(["One ", "two."])
        asked = await own.ann.post(thread, "count")
        await gate.reached()
        await own.bots[0].kill()
        gate.release()
        await own.start_bot()
        await own.bots[1].logged("turn_given_up", turn=int(asked["id"]))
        await own.bots[1].logged("turn_done", turn=int(asked["id"]))
        text = await why(own.ben, thread, asked)
        assert is_because(text, Cause.GIVEN_UP, "1")
        assert "`turns.tries`, which is `1` by the settings of whoever runs me" in text


async def test_what_was_too_old_is_told_with_the_setting(alone: World) -> None:
    quick = {"BOT_TURNS__POLL_S": "0.2"}
    bot = await alone.start_bot(**quick)
    thread = await alone.converse(alone.channel(), "hello")
    await bot.kill()
    asked = await alone.ann.post(thread, "are you there?")
    await alone.until(lambda: time.time() * 1000 - created_ms(int(asked["id"])) > 1500)
    await alone.start_bot(**quick, BOT_RECOVERY__MAX_AGE_HOURS="0.0003")
    await alone.until(lambda: wording.small(wording.missed(1)) in str(alone.said(thread)))
    text = await why(alone.ben, thread, asked)
    assert is_because(text, Cause.TOO_OLD)
    assert "`recovery.max_age_hours`, which is `0.0003`" in text


async def test_what_was_stopped_and_what_was_deleted_and_what_was_reset_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold()
    asked = await world.ann.post(thread, "count")
    await gate.reached()
    assert "is being answered since <t:" in await why(world.ben, thread, asked)
    behind = await world.ben.post(thread, "and me?")
    await world.kept(behind)
    gate.release()
    await world.answered(thread, 2)
    deleted = await world.ann.post(thread, "never mind")
    await world.answered(thread, 3)
    await world.ann.delete(thread, deleted["id"])
    await world.until(lambda: world.bots[0].log("message_deleted", message=int(deleted["id"])))
    assert await reset(world, world.ann, thread)
    for message in (asked, behind):
        text = await why(world.ben, thread, message)
        assert is_because(text, Cause.BEFORE_RESET)
        assert "It was reset <t:" in text


async def test_a_thread_that_the_bot_was_made_to_leave_says_since_when(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await answer(await world.ann.command(thread, "leave"))
    said = await world.ben.post(thread, "among ourselves")
    text = await why(world.ann, thread, said)
    assert is_because(text, Reason.NOT_MENTIONED)
    assert "by /leave <t:" in text
    assert await why(world.ann, thread) == text


async def test_a_message_that_was_deleted_while_it_waited_is_told_by_its_id(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, asked = await streaming(world, thread, ["One ", "two."], "count")
    waiting = await world.ben.post(thread, "and me?")
    await world.kept(waiting)
    text = await why(world.ann, thread, waiting)
    behind = f"to [an earlier message]({url(world, thread, asked)})"
    assert f"waits for the end of the reply {behind} that is being written here since <t:" in text
    await world.ben.delete(thread, waiting["id"])
    await world.until(lambda: world.bots[0].log("message_deleted", message=int(waiting["id"])))
    assert is_because(await why(world.ann, thread, waiting), Cause.DELETED)
    gate.release()
    await world.answered(thread, 2)


async def test_a_postponed_answer_says_until_when_it_waits(world: World) -> None:
    channel = world.channel()
    world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{channel}/.*threads$", retry_after_s=30.0
    )
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    await world.bots[0].logged("turn_postponed", conversation=int(asked["id"]))
    text = await why(world.ben, channel, asked)
    assert "waits until <t:" in text
    assert because(Cause.NOT_NOW).told("") in text
    world.discord.faults.clear()


async def test_what_was_stopped_before_its_first_text_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold()
    asked = await world.ann.post(thread, "count")
    await gate.reached()
    await answer(await world.ann.command(thread, "stop"))
    await world.settled(asked)
    gate.release()
    assert is_because(await why(world.ben, thread, asked), Cause.STOPPED)


async def test_what_claude_refuses_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.claude.faults.add(faults.refusal())
    asked = await world.ann.post(thread, "something dreadful")
    await world.settled(asked)
    assert is_because(await why(world.ben, thread, asked), Cause.REFUSED, wording.REFUSED)


async def test_a_reply_that_was_deleted_while_it_was_written_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, asked = await streaming(world, thread, ["One ", "two."], "count")
    await world.admin.delete(thread, world.replies(thread)[-1]["id"])
    gate.release()
    await world.bots[0].logged("turn_cancelled", turn=int(asked["id"]))
    assert is_because(await why(world.ben, thread, asked), Cause.GONE)


async def test_a_channel_without_threads_is_told(world: World) -> None:
    channel = world.channel("voice")
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    await world.noticed(channel)
    assert is_because(await why(world.ben, channel, asked), Cause.NO_THREADS_HERE)


async def test_the_original_of_a_proxied_message_names_the_message_in_its_place(world: World) -> None:
    channel = world.channel()
    proxied = Proxied.of(world, channel, mentions=True)
    for event in ("original", "copy", "deletion"):
        proxied.play(event)
    await world.answered(await world.thread_of({"id": proxied.copy}))
    text = await why(world.ben, channel, proxied.original.id)
    assert is_because(text, Cause.PROXIED, url(world, channel, proxied.copy))
    assert "was answered" in await why(world.ben, channel, proxied.copy)


async def test_a_conversation_that_cannot_be_read_is_told(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    redis: Redis = Redis.from_url(world.redis_url)
    await redis.rpush(Keys(world.prefix).history(thread), '{"version": 99}')
    await redis.aclose()
    asked = await world.ann.post(thread, "and now?")
    await world.noticed(thread, 2)
    assert is_because(await why(world.ben, thread, asked), Cause.UNREADABLE)
    assert is_because(await why(world.ben, thread), Cause.UNREADABLE)


async def test_a_reply_that_could_not_be_finished_names_the_permission(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    gate, asked = await streaming(world, thread, ["One ", "two."], "count")
    world.discord.faults.add(
        action="error",
        method="PATCH",
        route=f"/channels/{thread}/messages/",
        status=400,
        code=THREAD_LOCKED,
        times=None,
    )
    gate.release()
    await world.bots[0].logged("turn_halted", conversation=thread)
    world.discord.faults.clear()
    text = await why(world.admin, channel, url(world, thread, asked))
    assert "was answered. [This is the reply.]" in text
    assert (
        f"Not all of the reply is shown, {because(Cause.BOT_LACKS_PERMISSION).told('Manage Threads')}" in text
    )


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
        assert "Files of these messages: `notes.txt`." in text
        assert "SECRET" not in text
    told_first = await menu(world.ben, thread, world.replies(thread)[0])
    assert url(world, channel, first) in told_first
    assert "with the default prompt" in told_first
    answered = await why(world.ben, thread, asked)
    assert f"[This is the reply.]({url(world, thread, reply)})" in answered


# Who may ask


async def test_security_whoever_may_not_read_a_channel_learns_nothing_of_its_messages(world: World) -> None:
    hidden, here = world.channel(), world.channel()
    asked = await world.ann.post(hidden, f"{world.mention} hello?")
    await world.answered(await world.thread_of(asked))
    for known in (
        url(world, hidden, asked),
        url(world, int(asked["id"]), world.replies(int(asked["id"]))[0]),
    ):
        assert await why(world.ben, here, known) != why_view.UNKNOWN
    world.deny(hidden, bits.VIEW_CHANNEL, world.ben.id)
    for known in (
        url(world, hidden, asked),
        url(world, int(asked["id"]), world.replies(int(asked["id"]))[0]),
        url(world, hidden, 1),
        url(world, 999999999999999999, asked),
        str(asked["id"]),
        "nonsense",
    ):
        assert await why(world.ben, here, known) == why_view.UNKNOWN, known
    assert await why(world.ann, here, url(world, hidden, asked)) != why_view.UNKNOWN


async def test_without_the_history_a_person_asks_only_about_what_they_see(world: World) -> None:
    channel = world.channel()
    said = await world.ann.post(channel, "good morning")
    world.deny(channel, bits.READ_MESSAGE_HISTORY, world.ben.id)
    assert await why(world.ben, channel, said) == why_view.UNKNOWN
    assert await why(world.ben, channel) == why_view.NOTHING_HERE


async def test_security_of_a_private_thread_only_its_members_and_moderators_learn(world: World) -> None:
    channel = world.channel()
    await answer(await world.ann.command(channel, "chat", {"message": "a secret", "private": True}))
    (thread,) = world.discord.threads(channel)
    reply = (await world.answered(int(thread["id"]), 2))[-1]
    known = url(world, int(thread["id"]), reply)
    assert await why(world.ben, channel, known) == why_view.UNKNOWN
    assert "It answers" in await why(world.ann, channel, known)
    assert "It answers" in await why(world.person("mod", bits.MANAGE_THREADS), channel, known)


async def test_security_another_server_and_other_direct_messages_stay_unknown(world: World) -> None:
    direct = await world.dm_of(world.ann)
    said = await world.ann.post(direct, "hello")
    await world.answered(direct)
    assert "was answered" in await why(world.ann, direct, said)
    assert "It answers" in await menu(world.ann, direct, world.replies(direct)[0])
    foreign = f"https://discord.com/channels/@me/{direct}/{said['id']}"
    assert await why(world.ann, world.channel(), foreign) == why_view.UNKNOWN
    assert await why(world.ben, await world.dm_of(world.ben), foreign) == why_view.UNKNOWN


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
