"""Polls and reactions that Claude posts."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from bot.local.simulator.claude import ToolUse
from bot.local.simulator.discord import permissions as bits
from tests.e2e.controls import labels, press
from tests.e2e.discord_tools_scene import ON, call, talking
from tests.e2e.quotes_scene import link
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


POLL = ToolUse("create_poll", {"question": "Which yarn?", "answers": ["wool", "silk"], "hours": 2})


def polls(world: World, place: int) -> list[dict[str, Any]]:
    return [each for each in world.discord.messages(place) if each.get("poll")]


async def allow(world: World, thread: int, who: Any = None) -> None:
    """Allow the call that waits."""

    def cards() -> list[dict[str, Any]]:
        return [each for each in world.said(thread) if "Allow once" in labels(each)]

    await world.until(cards)
    await press(who or world.ann, thread, cards()[-1], "Allow once")


async def test_a_poll_waits_for_a_permission_and_is_posted_once(alone: World) -> None:
    bot = await alone.start_bot(**ON)
    thread = await talking(alone)
    (told,) = await call(alone, thread, POLL)
    assert "permission" in told
    assert polls(alone, thread) == []
    bot.signal(signal.SIGKILL)
    await alone.start_bot(**ON)
    # The post lands, and its answer is lost.
    alone.discord.faults.add(
        action="reset_after", method="POST", route=f"/channels/{thread}/messages$", times=1
    )
    await allow(alone, thread)
    await alone.until(lambda: "and done" in str(alone.said(thread)))
    (poll,) = polls(alone, thread)
    assert poll["poll"]["question"]["text"] == "Which yarn?"
    assert [each["poll_media"]["text"] for each in poll["poll"]["answers"]] == ["wool", "silk"]
    # A poll is no reply: the thread goes on as before.
    alone.claude.say("Good.")
    await alone.settled(await alone.ann.post(thread, "and?"))
    assert alone.replies(thread)[-1]["content"] == "Good."


async def test_a_poll_without_the_permission_says_which_one_is_missing(alone: World) -> None:
    await alone.start_bot(**ON)
    channel = alone.channel()
    thread = await talking(alone, channel)
    alone.deny(channel, bits.SEND_POLLS)
    await call(alone, thread, POLL)
    await allow(alone, thread)
    await alone.until(lambda: "Create Polls" in str(alone.said(thread)))
    assert polls(alone, thread) == []


async def test_security_a_poll_pings_nobody(alone: World) -> None:
    await alone.start_bot(**ON)
    thread = await talking(alone)
    shout = f"@everyone <@{alone.ben.id}> now?"
    await call(alone, thread, ToolUse("create_poll", {"question": shout, "answers": [shout, "no"]}))
    await allow(alone, thread)
    await alone.until(lambda: polls(alone, thread))
    for message in alone.said(thread):
        assert message["mentions"] == []
        assert message["mention_everyone"] is False


async def test_a_reaction_is_added_to_a_message_of_this_thread_alone(alone: World) -> None:
    await alone.start_bot(**ON)
    channel = alone.channel()
    elsewhere = await alone.ben.post(alone.channel(), "elsewhere")
    asked = await alone.ann.post(channel, f"{alone.mention} hello")
    thread = await alone.thread_of(asked)
    await alone.settled(asked)
    other = await alone.ben.post(thread, "nice")
    await alone.settled(other)
    told = await call(
        alone,
        thread,
        ToolUse("add_reaction", {"emoji": "👍"}),
        ToolUse("add_reaction", {"emoji": "🧶", "message": link(alone, other)}),
        ToolUse("add_reaction", {"emoji": "🐑", "message": link(alone, asked)}),
        ToolUse("add_reaction", {"emoji": "👀", "message": link(alone, elsewhere)}),
        ToolUse("add_reaction", {"emoji": "wool"}),
    )
    world = alone.discord.world

    def reactions(message: Any) -> list[str]:
        return [str(each.emoji["name"]) for each in world.messages[int(message["id"])].reactions]

    assert reactions(other) == ["🧶"]
    assert reactions(asked) == ["🐑"]
    assert reactions(elsewhere) == []
    latest = [each for each in alone.discord.messages(thread) if each["content"] == "please do"][-1]
    assert reactions(latest) == ["👍"]
    assert "not in this conversation" in told[3]
    assert "no emoji" in told[4]
    alone.deny(channel, bits.ADD_REACTIONS)
    (refused,) = await call(alone, thread, ToolUse("add_reaction", {"emoji": "🙈"}))
    assert "Add Reactions" in refused


async def test_a_poll_that_is_replied_to_is_shown_to_claude(alone: World) -> None:
    await alone.start_bot(**ON)
    thread = await talking(alone)
    await call(alone, thread, POLL)
    await allow(alone, thread)
    await alone.until(lambda: polls(alone, thread))
    (poll,) = polls(alone, thread)
    await alone.settled(await alone.ann.post(thread, "what is this?", reply_to=poll["id"]))
    assert '<poll question="Which yarn?"' in json.dumps(alone.asked[-1].body["messages"][-1]).replace(
        "\\", ""
    )
