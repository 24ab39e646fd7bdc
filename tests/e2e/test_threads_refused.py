"""Threads that Discord refuses, that somebody else starts, and that a person may not open."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.failures import THREADS_FULL
from bot.conversation import prompt, wording
from bot.local.simulator.discord import permissions as bits
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME, FULL = 50035, 160006


def refuse(world: World, channel: int, code: int) -> Any:
    """Have Discord refuse the next thread of a channel."""
    return world.discord.faults.add(
        action="error", method="POST", route=f"/channels/{channel}/.*threads$", status=400, code=code
    )


async def test_a_name_that_is_not_allowed_gives_way_to_a_neutral_one(world: World) -> None:
    channel = world.channel()
    refused = refuse(world, channel, NAME)
    thread = await world.converse(channel, "a forbidden word")
    assert world.discord.thread(thread)["name"] == prompt.NEUTRAL_THREAD_NAME
    assert (len(world.asked), refused.struck) == (1, 1)


async def test_an_answer_without_a_thread_is_kept_and_the_person_told_what_is_full(world: World) -> None:
    async with world.apart(bots=0) as own:
        await own.start_bot(module="tests.e2e.soon")
        channel = own.channel()
        refused = refuse(own, channel, FULL)
        own.claude.say("Here at last.")
        asked = await own.ann.post(channel, f"{own.mention} hello?")
        (sign,) = await own.noticed(channel)
        assert sign["content"] == wording.small(wording.THREADS_FULL)
        (reply,) = await own.answered(await own.thread_of(asked))
        await own.settled(asked)
        assert reply["content"] == "Here at last."
        assert (len(own.asked), refused.struck) == (1, 1)
        assert own.said(channel) == []
        await own.until(lambda: own.bots[0].log("thread_limit_reached", channel=channel))


async def test_in_a_thread_that_somebody_else_was_faster_to_start_it_goes_on(world: World) -> None:
    channel = world.channel()
    start = world.discord.faults.add(action="delay", method="POST", route="/threads$", delay_s=0.5)
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    await world.until(lambda: start.struck)
    thread = int((await world.ben.create_thread(channel, "Ben's", from_message=asked["id"]))["id"])
    await world.answered(thread)
    world.claude.say("Still here.")
    await world.ann.post(thread, "and now?")
    assert (await world.answered(thread, 2))[-1]["content"] == "Still here."


async def test_chat_takes_a_neutral_name_and_says_what_is_full(world: World) -> None:
    channel = world.channel()
    refuse(world, channel, NAME)
    handle = await world.ann.command(channel, "chat", {"message": "a forbidden word", "private": True})
    assert "Here it is" in (await handle.message())["content"]
    (thread,) = [each for each in world.discord.world.channels.values() if each.parent_id == channel]
    assert thread.name == prompt.NEUTRAL_THREAD_NAME
    await world.answered(thread.id)
    await world.bots[0].logged(
        "turn_done", conversation=thread.id
    )  # so that its request is none of the next test's
    refuse(world, channel, FULL)
    handle = await world.ann.command(channel, "chat", {"message": "hello", "private": True})
    assert (await handle.message())["content"] == THREADS_FULL
    assert world.bots[0].log("interaction_failed") == []


async def test_a_question_by_command_waits_for_its_thread_and_a_further_one_is_told_what_is_full(
    world: World,
) -> None:
    async with world.apart(bots=0) as own:
        await own.start_bot(module="tests.e2e.soon")
        channel = own.channel()
        refused = refuse(own, channel, FULL)
        own.claude.say("Here at last.")
        await (await own.ann.command(channel, "chat", {"message": "hello"})).message()
        question, sign = await own.noticed(channel, 2)
        assert sign["content"] == wording.small(wording.THREADS_FULL)
        assert sign["message_reference"]["message_id"] == question["id"]
        handle = await own.ann.command(channel, "chat", {"message": "and I?"})
        assert (await handle.message())["content"] == THREADS_FULL
        (reply,) = await own.answered(await own.thread_of(question))
        await own.settled(question)
        assert reply["content"] == "Here at last."
        assert (len(own.asked), refused.struck) == (1, 1)
        assert own.said(channel) == [own.discord.message(question["id"])]


async def test_chat_says_when_discord_wants_no_thread_yet(world: World) -> None:
    channel = world.channel()
    ban = world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{channel}/threads$", retry_after_s=280.0
    )
    for _ in range(2):
        handle = await world.ann.command(channel, "chat")
        assert "5 minutes" in (await handle.message())["content"]
    assert ban.struck == 1
    assert world.asked == []


async def test_a_question_by_command_is_not_posted_while_discord_wants_nothing(world: World) -> None:
    channel = world.channel()
    ban = world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{channel}/messages$", retry_after_s=280.0
    )
    for _ in range(2):
        handle = await world.ann.command(channel, "chat", {"message": "hello"})
        assert "5 minutes" in (await handle.message())["content"]
    assert ban.struck == 1
    assert world.asked == []


async def test_chat_asks_nobody_to_repeat_a_question_whose_thread_the_person_could_not_be_added_to(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        own.discord.faults.add(
            action="reset", method="PUT", route="/thread-members/", times=None, only_token=own.app.token
        )
        handle = await own.ann.command(channel, "chat", {"message": "hello"})
        assert "Here is your question" in (await handle.message())["content"]
        await own.settled(own.said(channel)[-1])
        await own.until(lambda: own.bots[0].log("member_not_added"))
        own.discord.faults.clear()
        assert handle.followups == []


async def test_chat_answers_though_the_person_cannot_be_added_to_the_thread_yet(world: World) -> None:
    channel = world.channel()
    world.discord.faults.add(action="ban", method="PUT", route="/thread-members/", retry_after_s=280.0)
    await (await world.ann.command(channel, "chat", {"message": "hello"})).message()
    await world.settled(world.said(channel)[-1])
    handle = await world.ann.command(channel, "chat")
    assert "Here it is" in (await handle.message())["content"]
    await world.until(lambda: len(world.bots[0].log("member_not_added")) == 2)
    world.discord.faults.clear()


LACKING = [
    (bits.CREATE_PUBLIC_THREADS, "Create Public Threads"),
    (bits.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
]


@pytest.mark.parametrize(("bit", "name"), LACKING)
async def test_a_mention_opens_no_thread_for_who_may_not_open_one(world: World, bit: int, name: str) -> None:
    channel = world.channel()
    world.deny(channel, bit, world.ann.id)
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == wording.small(wording.may_not(name))
    assert int(asked["id"]) not in world.discord.world.channels
    assert world.asked == []
    await world.answered(await world.thread_of(await world.ben.post(channel, f"{world.mention} hello?")))


@pytest.mark.parametrize(
    ("bit", "name"),
    [
        *LACKING,
        (bits.SEND_MESSAGES, "Send Messages"),
        (bits.CREATE_PRIVATE_THREADS, "Create Private Threads"),
    ],
)
async def test_chat_opens_no_thread_for_who_may_not_open_one(world: World, bit: int, name: str) -> None:
    channel = world.channel()
    world.deny(channel, bit, world.ann.id)
    private = bit == bits.CREATE_PRIVATE_THREADS
    handle = await world.ann.command(channel, "chat", {"message": "hello", "private": private})
    assert (await handle.message())["content"] == wording.may_not(name)
    assert not [each for each in world.discord.world.channels.values() if each.parent_id == channel]


async def test_a_mention_that_was_missed_opens_no_thread_either(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        await own.converse(channel, "hello")
        await own.bots[0].kill()
        own.deny(channel, bits.CREATE_PUBLIC_THREADS, own.ann.id)
        refused = await own.ann.post(channel, f"{own.mention} hello?")
        granted = await own.ben.post(channel, f"{own.mention} hello?")
        await own.start_bot()
        await own.answered(await own.thread_of(granted))
        await own.until(lambda: own.said(channel))
        assert int(refused["id"]) not in own.discord.world.channels
        assert own.said(channel)[-1]["content"] == wording.small(wording.may_not("Create Public Threads"))
