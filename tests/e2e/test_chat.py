"""/chat: one thread, whatever answer of Discord is lost, and one answer, whenever the bot is killed."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from bot.commands.failures import missing
from bot.conversation import wording
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import press
from tests.e2e.test_commands import answer
from tests.e2e.test_recovery import QUICK
from tests.e2e.test_stopping import AT_ONCE_S
from tests.e2e.test_threads_refused import FULL, refuse
from tests.e2e.world import SUPPRESS_NOTIFICATIONS, World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = {"message": "how do looms work?"}


async def asked(world: World, channel: int, who: Any = None) -> dict[str, Any]:
    """Ask by command; returns the question that the bot has posted."""
    await answer(await (who or world.ann).command(channel, "chat", QUESTION))
    question: dict[str, Any] = world.said(channel)[-1]
    return question


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("action", ["reset", "reset_after"])
async def test_a_thread_whose_start_is_not_answered_is_started_once(
    world: World, action: str, private: bool
) -> None:
    channel = world.channel()
    # One that stands there already under the same name is another one.
    before = await world.ann.command(channel, "chat", {"private": private})
    await before.message()
    fault = world.discord.faults.add(
        action=action,  # type: ignore[arg-type]
        method="POST",
        route=f"^/channels/{channel}/threads$",
    )
    handle = await world.ann.command(channel, "chat", {"private": private})
    content = (await handle.message())["content"]
    assert fault.struck == 1
    threads = [each.id for each in world.discord.world.channels.values() if each.parent_id == channel]
    assert len(threads) == 2
    assert content == f"Here it is: <#{max(threads)}>"
    assert len(world.said(max(threads))) == 1


@pytest.mark.parametrize("action", ["reset", "reset_after"])
async def test_a_question_whose_post_is_not_answered_is_posted_and_answered_once(
    world: World, action: str
) -> None:
    channel = world.channel()
    fault = world.discord.faults.add(
        action=action,  # type: ignore[arg-type]
        method="POST",
        route=f"^/channels/{channel}/messages$",
    )
    question = await asked(world, channel)
    await world.settled(question)
    assert fault.struck == 1
    assert len(world.said(channel)) == len(world.asked) == 1
    assert len(world.replies(int(question["id"]))) == 1


async def test_security_the_question_pings_nobody_and_claude_names_its_thread_to_which_the_person_is_added(
    world: World,
) -> None:
    channel = world.channel()
    world.claude.say("<thread_title>The art of weaving</thread_title>\nLooms weave.")
    text = f"@everyone, <@{world.ben.id}>, how do looms work?"
    await answer(await world.ann.command(channel, "chat", {"message": text}))
    (question,) = world.said(channel)
    assert question["flags"] & SUPPRESS_NOTIFICATIONS
    assert (question["mentions"], question["mention_everyone"]) == ([], False)
    thread = await world.thread_of(question)
    assert world.discord.thread(thread)["name"] == "The art of weaving"
    (reply,) = await world.answered(thread)
    assert reply["content"] == "Looms weave."
    state = world.discord.world.channels[thread].thread
    assert state is not None
    await world.until(lambda: set(state.members) == {world.ann.id, world.app.user_id})


async def test_of_two_bots_one_posts_and_answers_the_question(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        questions = [await asked(own, channel) for _ in range(4)]
        for question in questions:
            await own.settled(question)
        assert own.said(channel) == [own.discord.message(each["id"]) for each in questions]
        assert [len(own.replies(int(each["id"]))) for each in questions] == [1] * 4
        states = [own.discord.world.channels[int(each["id"])].thread for each in questions]
        await own.until(lambda: all(state and own.ann.id in state.members for state in states))


async def test_who_has_asked_may_stop_the_answer_and_have_it_written_again(world: World) -> None:
    channel = world.channel()
    gate = world.claude.hold(after=1)
    world.claude.say(["One ", "two."])
    question = await asked(world, channel)
    thread = await world.thread_of(question)
    await gate.reached()
    await world.until(lambda: world.replies(thread) and world.replies(thread)[-1]["components"])
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.settled(question)
    gate.release()
    world.claude.say("Two.")
    await press(world.ann, thread, world.replies(thread)[-1], "Regenerate")
    await world.until(lambda: [each["content"] for each in world.replies(thread)] == ["Two."])


async def test_what_replies_to_the_question_in_the_channel_is_not_for_the_bot(world: World) -> None:
    channel = world.channel()
    question = await asked(world, channel)
    await world.settled(question)
    await world.ben.post(channel, "I know that", reply_to=question["id"])
    for_it = await world.ben.post(channel, f"{world.mention} is that so?", reply_to=question["id"])
    await world.settled(for_it)
    assert [int(each["id"]) for each in world.discord.threads(channel)] == [
        int(question["id"]),
        int(for_it["id"]),
    ]


async def test_a_question_that_is_deleted_before_its_answer_is_not_answered(world: World) -> None:
    channel = world.channel()
    gate = world.claude.hold(after=None)
    question = await asked(world, channel)
    await gate.reached()
    await world.admin.delete(channel, question["id"])
    await world.bots[0].logged("message_deleted", message=int(question["id"]))
    await world.bots[0].logged("turn_called_off", conversation=int(question["id"]))
    gate.release()
    assert world.said(channel) == world.replies(int(question["id"])) == []


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        (bits.SEND_MESSAGES, "Send Messages"),
        (bits.CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (bits.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
        (bits.READ_MESSAGE_HISTORY, "Read Message History"),
    ],
)
async def test_nothing_is_posted_where_the_bot_may_not_answer(world: World, bit: int, name: str) -> None:
    channel = world.channel()
    world.deny(channel, bit)
    assert await answer(await world.ann.command(channel, "chat", QUESTION)) == missing(name)
    assert world.said(channel) == []
    assert world.asked == []


async def test_in_an_announcement_channel_the_question_gets_its_thread(world: World) -> None:
    question = await asked(world, world.channel("news"))
    (reply,) = await world.answered(await world.thread_of(question))
    assert reply["content"] == "I see."


async def test_a_question_that_a_crash_has_kept_from_the_inbox_is_to_be_asked_again(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    answered = await asked(alone, alone.channel())
    await alone.settled(answered)
    channel = alone.channel()
    route = f"^/channels/{channel}/messages$"
    posted = alone.discord.faults.add(action="reset_after", method="POST", route=route)
    delayed = alone.discord.faults.add(action="delay", method="POST", route=route, delay_s=60.0)
    await alone.ann.command(channel, "chat", QUESTION)
    await alone.until(lambda: delayed.struck)
    assert posted.struck
    await bot.kill()
    alone.discord.faults.clear()
    for _ in range(2):
        bot = await alone.start_bot(**QUICK)
        question, notice = await alone.noticed(channel, 2)
        assert notice["content"] == wording.small(wording.QUESTION_LOST)
        assert notice["message_reference"]["message_id"] == question["id"]
        await alone.settled(await alone.ann.post(channel, f"{alone.mention} hello?"))
        await bot.kill()
    assert len(alone.said(channel)) == 2
    assert len(alone.said(int(answered["channel_id"]))) == 1
    assert len(alone.asked) == 3


async def test_a_question_whose_answer_a_crash_interrupts_is_answered_once_and_never_lost(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK)
    gate = alone.claude.hold(after=None)
    channel = alone.channel()
    question = await asked(alone, channel)
    await gate.reached()
    await bot.kill()
    gate.release()
    alone.claude.say("Looms weave.")
    await alone.start_bot(**QUICK)
    (reply,) = await alone.answered(await alone.thread_of(question))
    await alone.settled(await alone.ann.post(channel, f"{alone.mention} hello?"))
    assert reply["content"] == "Looms weave."
    assert len(alone.said(channel)) == len(alone.replies(int(question["id"]))) == 1


async def test_a_bot_that_waits_for_the_thread_of_a_question_stops_at_once(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    channel = alone.channel()
    refuse(alone, channel, FULL)
    await asked(alone, channel)
    await alone.noticed(channel, 2)
    bot.signal(signal.SIGTERM)
    assert await bot.ended(AT_ONCE_S) == 0
    assert "Traceback" not in bot.output


async def test_a_question_that_the_store_could_not_take_is_taken_back_and_never_answered(
    alone: World,
) -> None:
    async with RedisProxy.before(alone.redis_url) as proxy:
        await alone.start_bot(**QUICK, REDIS_URL=proxy.url)
        channel = alone.channel()
        post = alone.discord.faults.add(
            action="delay", method="POST", route=f"^/channels/{channel}/messages$", delay_s=0.5
        )
        handle = await alone.ann.command(channel, "chat", QUESTION)
        await alone.until(lambda: post.struck)
        proxy.leave()
        assert await answer(handle) == wording.STORE_DOWN
        assert alone.said(channel) == []
        proxy.come_back()
        await alone.settled(await alone.ann.post(channel, f"{alone.mention} and now?"))
        assert len(alone.asked) == 1
        assert len(alone.discord.threads(channel)) == 1
