"""Replies that were cut off or paused: by themselves and by the button, before and after a restart."""

from __future__ import annotations

import pytest

from bot.commands.reply_controls import (
    CONTINUING,
    NOTHING_TO_CONTINUE,
)
from bot.conversation import prompt, reply_wording, wording
from bot.conversation.content import text_of
from bot.local.simulator.claude import Raw, Reply, faults
from bot.local.simulator.claude.sealed import sealed
from bot.turns.reply_stream import MOST_PAUSES
from tests.e2e.controls import anew, answer, labels, press, roles, sent
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reply_that_was_cut_goes_on_where_it_stopped(world: World) -> None:
    channel = world.channel()
    world.claude.faults.add(faults.max_tokens(2))
    world.claude.say(["One, two, ", "three, ", "four."])
    thread = await world.converse(channel, "count")
    await world.settled(thread)
    reply, notice = world.said(thread)
    assert reply["content"] == "One, two, three,"
    assert labels(reply) == ["Continue", "Regenerate"]
    assert notice["content"] == wording.small(reply_wording.CUT_AT_MAX_TOKENS)
    world.claude.say("four, five.")
    await press(world.ann, thread, reply, "Continue")
    await world.until(lambda: [m["content"] for m in world.said(thread)] == ["One, two, three, four, five."])
    assert world.said(thread)[0]["id"] == reply["id"]
    assert roles(world) == ["user", "assistant", "user"]
    assert text_of(prompt.CONTINUE.blocks) in sent(world)
    continued = world.asked[-1].body["messages"]
    await world.until(lambda: labels(world.replies(thread)[-1]) == ["Regenerate"])
    assert await answer(await world.ann.command(thread, "continue")) == NOTHING_TO_CONTINUE
    await world.settled(await world.ann.post(thread, "and six?"))
    assert roles(world) == ["user", "assistant", "user", "assistant", "user"]
    # What was sent once is sent again byte for byte, so that it is read from the cache.
    later = world.asked[-1].body["messages"]
    assert [m["content"][0]["text"] for m in later[:3]] == [m["content"][0]["text"] for m in continued]
    assert later[3]["content"][0]["text"] == "four, five."


def search(number: int) -> Raw:
    return Raw(
        {
            "type": "server_tool_use",
            "id": f"srvtoolu_{number:06d}",
            "name": "web_search",
            "input": {"query": "warp"},
        }
    )


def found(call: Raw) -> Raw:
    url = "https://looms.example"
    page = {
        "type": "web_search_result",
        "url": url,
        "title": "A page",
        "encrypted_content": sealed("content", url, "A loom holds the warp."),
    }
    return Raw({"type": "web_search_tool_result", "tool_use_id": call.block["id"], "content": [page]})


async def test_a_reply_that_pauses_goes_on_by_itself_and_its_text_alone_is_sent_later(world: World) -> None:
    channel = world.channel()
    calls = [search(number) for number in range(2)]
    world.claude.say(Reply.of("I look.", calls[0], stop_reason="pause_turn"))
    world.claude.say(Reply.of(found(calls[0]), "Once more.", calls[1], stop_reason="pause_turn"))
    world.claude.say(Reply.of(found(calls[1]), "Done."))
    thread = await world.converse(channel, "look")
    await world.settled(thread)
    (reply,) = world.said(thread)
    assert reply["content"] == "I look.\n\nOnce more.\n\nDone."
    assert labels(reply) == ["Regenerate"]
    first, _, last = (call.body["messages"] for call in world.asked)
    kinds = [block["type"] for block in last[1]["content"]]
    again = ["thinking", "text", "server_tool_use"]
    assert kinds == [*again, "web_search_tool_result", *again]
    await world.settled(await world.ann.post(thread, "thanks"))
    later = world.asked[-1].body["messages"]
    assert [[block["text"] for block in message["content"]] for message in later[:2]] == [
        [block["text"] for block in first[0]["content"]],
        ["I look.\n\nOnce more.\n\nDone."],
    ]


async def test_a_reply_that_pauses_too_often_can_be_continued(world: World) -> None:
    channel = world.channel()
    world.claude.faults.add(faults.pause_turn(), times=1 + MOST_PAUSES)
    world.claude.say_when(lambda _: True, ["More, "], times=1 + MOST_PAUSES)
    thread = await world.converse(channel, "count")
    await world.settled(thread)
    reply, notice = world.said(thread)
    assert reply["content"] == ("More, " * (1 + MOST_PAUSES)).strip()
    assert labels(reply) == ["Continue", "Regenerate"]
    assert notice["content"] == wording.small(reply_wording.PAUSED)
    world.claude.say("enough.")
    await press(world.ann, thread, reply, "Continue")
    whole = "More, " * (1 + MOST_PAUSES) + "enough."
    await world.until(lambda: [m["content"] for m in world.said(thread)] == [whole])


async def test_a_reply_that_is_cut_twice_continues_twice_and_through_a_restart(world: World) -> None:
    async with world.apart() as own:
        own.claude.faults.add(faults.max_tokens(1))
        own.claude.say(["One ", "x"])
        thread = await own.converse(own.channel(), "count")
        await own.settled(thread)
        own.claude.faults.add(faults.max_tokens(1))
        own.claude.say(["two ", "x"])
        assert await answer(await own.ann.command(thread, "continue")) == CONTINUING
        await own.until(lambda: own.replies(thread)[-1]["content"] == "One two")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Continue", "Regenerate"])
        await own.bots.pop().stop()
        await own.start_bot()
        own.claude.say("three.")
        await press(own.ann, thread, own.replies(thread)[-1], "Continue")
        await anew(own, thread, "One two three.")
        assert roles(own) == ["user", "assistant"] * 2 + ["user"]
        own.claude.say("All anew.")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        await press(own.ann, thread, own.replies(thread)[-1], "Regenerate")
        await anew(own, thread, "All anew.")
        assert roles(own) == ["user"]
        assert [m["content"] for m in own.said(thread)] == ["All anew."]
