"""The names of the threads that start from a message: Claude's, or the message's own words."""

from __future__ import annotations

import pytest

from bot.conversation import prompt
from bot.conversation.title import TITLE_REQUEST
from tests.e2e.test_chatting import text_of
from tests.e2e.test_recovery import QUICK
from tests.e2e.test_threads_refused import NAME, refuse
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

TITLE = "<thread_title>The art of weaving</thread_title>\n"


def name(world: World, thread: int) -> str:
    return str(world.discord.thread(thread)["name"])


def was_shown(world: World, thread: int, text: str) -> bool:
    """Whether any version of a message in the thread has shown a text."""
    return any(
        text in version.content
        for message in world.said(thread)
        for version in world.discord.history(message["id"])
    )


async def test_claude_names_the_thread_in_the_request_for_its_reply(world: World) -> None:
    world.claude.say(["<thread_", "title>The art of ", "weaving</thread_title>", "\n", "Looms ", "weave."])
    thread = await world.converse(world.channel(), "how do looms work?")
    await world.settled(thread)
    assert name(world, thread) == "The art of weaving"
    assert [each["content"] for each in world.said(thread)] == ["Looms weave."]
    assert not was_shown(world, thread, "title")
    assert len(world.asked) == 1
    await world.settled(await world.ann.post(thread, "and shuttles?"))
    first, second = world.asked
    asked, replied, later = second.body["messages"]
    assert text_of(asked) == text_of(first.body["messages"][0])
    assert text_of(asked).endswith(TITLE_REQUEST.text)
    assert text_of(replied) == "Looms weave."
    assert TITLE_REQUEST.text not in text_of(later)
    assert name(world, thread) == "The art of weaving"


async def test_a_title_that_discord_refuses_gives_way_to_a_neutral_one(world: World) -> None:
    channel = world.channel()
    refused = refuse(world, channel, NAME)
    world.claude.say(f"{TITLE}Looms weave.")
    thread = await world.converse(channel, "how do looms work?")
    assert name(world, thread) == prompt.NEUTRAL_THREAD_NAME
    assert refused.struck == 1


async def test_a_title_that_comes_too_late_is_neither_used_nor_shown(world: World) -> None:
    gate = world.claude.hold(after=None)
    world.claude.say(f"{TITLE}Looms weave.")
    channel = world.channel()
    asked = await world.ann.post(channel, f"{world.mention} how do looms work?")
    thread = await world.thread_of(asked)
    await world.until(lambda: world.called("POST", f"/channels/{thread}/typing"))
    gate.release()
    (reply,) = await world.answered(thread)
    assert name(world, thread) == "how do looms work?"
    assert reply["content"] == "Looms weave."
    assert world.called("POST", f"/channels/{channel}/typing")


async def test_security_a_title_never_tells_what_the_message_hides(world: World) -> None:
    world.claude.say("<thread_title>The butler did it</thread_title>\nHe did.")
    thread = await world.converse(world.channel(), "why was it ||the butler||?")
    assert "butler" not in name(world, thread)
    assert world.replies(thread)[-1]["content"] == "He did."


async def test_a_regenerated_first_reply_leaves_the_name(world: World) -> None:
    world.claude.say(f"{TITLE}Looms weave.")
    thread = await world.converse(world.channel(), "how do looms work?")
    await world.settled(thread)
    world.claude.say("<thread_title>Another</thread_title>\nLooms weave cloth.")
    await (await world.ann.command(thread, "retry")).response()
    await world.until(lambda: world.replies(thread)[-1]["content"] == "Looms weave cloth.")
    first, second = world.asked
    assert second.body["messages"] == first.body["messages"]
    assert name(world, thread) == "The art of weaving"
    assert not was_shown(world, thread, "title")


async def test_after_a_crash_at_the_start_of_the_thread_there_is_one_thread_and_one_reply(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK)
    channel = alone.channel()
    started = alone.discord.faults.add(
        action="reset_after", method="POST", route=f"/channels/{channel}/.*threads$"
    )
    alone.discord.faults.add(
        action="delay", method="POST", route=f"/channels/{channel}/.*threads$", delay_s=60.0
    )
    alone.claude.say(f"{TITLE}Looms weave.")
    asked = await alone.ann.post(channel, f"{alone.mention} how do looms work?")
    thread = await alone.thread_of(asked)
    await alone.until(lambda: started.struck)
    await bot.kill()
    alone.discord.faults.clear()
    alone.claude.say("<thread_title>Another</thread_title>\nLooms weave cloth.")
    await alone.start_bot(**QUICK)
    (reply,) = await alone.answered(thread)
    assert reply["content"] == "Looms weave cloth."
    assert name(alone, thread) == "The art of weaving"
    assert not was_shown(alone, thread, "title")


async def test_with_titles_from_the_message_claude_is_not_asked(world: World) -> None:
    async with world.apart({"BOT_REPLY__TITLES": "message"}) as own:
        thread = await own.converse(own.channel(), "how do looms work?")
        assert name(own, thread) == "how do looms work?"
        assert TITLE_REQUEST.text not in text_of(own.asked[-1].body["messages"][-1])
