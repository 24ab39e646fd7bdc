"""Why a message got no answer, by what was decided and what became of it."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot.commands import why_view
from bot.conversation import reply_wording, wording
from bot.conversation.decision import Cause
from bot.conversation.intake import Reason
from bot.conversation.message import created_ms
from bot.conversation.reasons import because
from bot.gateway.error_codes import THREAD_LOCKED
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from tests.e2e.controls import answer, press, streaming
from tests.e2e.test_commands import reset
from tests.e2e.test_proxied import Proxied
from tests.e2e.why_scene import is_because, menu, url, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    assert "with /leave <t:" in text
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
    assert is_because(await why(world.ben, thread, asked), Cause.REFUSED, reply_wording.REFUSED)


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
