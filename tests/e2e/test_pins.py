"""Pinned messages: their turns stay in Claude's view, come back when asked for, and break no cache by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import context_view
from tests.e2e.budgets import max_tokens
from tests.e2e.controls import press, streaming
from tests.e2e.history_scene import grows, long_text, say
from tests.e2e.test_audit import acts
from tests.e2e.test_commands import answer
from tests.e2e.test_context import look
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = {
    "BOT_REPLY__TITLES": "message",
    "BOT_HISTORY__MAX_TOKENS": max_tokens(2025),
    "BOT_HISTORY__PINNED_SHARE": "0.5",
}


async def opened(own: World) -> tuple[int, dict[str, Any]]:
    """A thread in which one message, after the first, can be told from all others."""
    thread = await own.converse(own.channel(), "hello")
    await own.settled(thread)
    own.claude.say("That is good to know.")
    fact = await own.ann.post(thread, "the loom is blue")
    await own.settled(fact)
    return thread, fact


async def trimmed(own: World, thread: int) -> Any:
    """Say so much that the oldest turns go, and return the first request without them."""
    first = len(own.asked)
    for number in range(8):
        await say(own, thread, long_text(number))
        asked = own.asked[-1]
        if len(own.asked) - first > 1 and not grows(own.asked[-2], asked):
            return asked
    raise AssertionError("nothing was trimmed")


async def noted(own: World, pins: int) -> None:
    """Wait until the latest list of pins that a bot has read holds so many."""
    bot = own.bots[0]
    await own.until(lambda: [entry["pins"] for entry in bot.log("pins_read")][-1:] == [pins])


async def test_a_pinned_message_keeps_its_turn_and_breaks_no_cache_by_itself(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        thread, fact = await opened(own)
        before = own.asked[-1]
        await own.admin.pin(thread, fact["id"])
        await noted(own, 1)
        assert grows(before, await say(own, thread, "go on"))
        request = await trimmed(own, thread)
        sent = str(request.body["messages"])
        assert "the loom is blue" in sent
        assert "That is good to know." in sent
        assert "go on" not in sent
        assert "1 pinned turn from before that is also seen." in await answer(
            await own.ben.command(thread, "context")
        )
        # A pin is told of by two events.
        assert len(own.called("GET", "/messages/pins")) == 1


async def test_a_pinned_reply_keeps_the_turn_that_it_belongs_to(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        thread, _ = await opened(own)
        for reply in own.replies(thread):
            await own.admin.pin(thread, reply["id"])
        await noted(own, 2)
        sent = str((await trimmed(own, thread)).body["messages"])
        assert "the loom is blue" in sent
        # The reply to the message that the thread was started from points to nothing.
        assert "hello" in sent


async def test_what_was_trimmed_comes_back_by_a_pin_when_somebody_asks_for_it(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        thread, fact = await opened(own)
        request = await trimmed(own, thread)
        assert "the loom is blue" not in str(request.body)
        assert (await look(own.ann, thread))[1] is None
        await own.admin.pin(thread, fact["id"])
        await noted(own, 1)
        text, button = await look(own.ann, thread)
        assert "Pins: at the next trim 1 pinned turn comes back." in text
        assert button is not None
        assert (await look(own.ben, thread))[1] is None
        shown = await (await own.ann.command(thread, "context")).message()
        assert await answer(await own.ann.press(thread, shown["id"], button)) == context_view.PINNED
        text, button = await look(own.ann, thread)
        assert "Pins: with the next message 1 pinned turn comes back." in text
        assert button is None
        request = await say(own, thread, "and?")
        assert "the loom is blue" in str(request.body["messages"][0])
        # From then on it stands there, and is read from the cache as everything else.
        assert grows(request, await say(own, thread, "and then?"))
        await own.admin.unpin(thread, fact["id"])
        await noted(own, 0)
        assert "1 turn that is no longer pinned will go" in (await look(own.ann, thread))[0]


async def test_pins_that_are_to_count_at_once_do_so_after_the_reply_that_is_being_written(
    world: World,
) -> None:
    async with world.apart(SETTINGS) as own:
        thread, fact = await opened(own)
        await trimmed(own, thread)
        await own.admin.pin(thread, fact["id"])
        await noted(own, 1)
        shown = await (await own.ann.command(thread, "context")).message()
        gate, asked = await streaming(own, thread, ["One ", "two."], "count")
        await press(own.ann, thread, shown, context_view.PINS_LABEL)
        await own.bots[0].logged("pins_applied")
        assert await acts(own, thread) == [f"<@{own.ann.id}> applied the pins of <#{thread}>"]
        gate.release()
        await own.settled(asked)
        assert "the loom is blue" not in str(own.asked[-1].body["messages"])
        assert "Pins: with the next message 1 pinned turn comes back." in (await look(own.ann, thread))[0]
        assert "the loom is blue" in str((await say(own, thread, "and?")).body["messages"][0])


async def test_pins_that_were_placed_while_no_bot_listened_count_too(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        thread, fact = await opened(own)
        await own.bots.pop().stop()
        await own.admin.pin(thread, fact["id"])
        await own.start_bot()
        await say(own, thread, "go on")
        await noted(own, 1)
        assert "the loom is blue" in str((await trimmed(own, thread)).body["messages"])


async def test_what_is_deleted_is_not_kept_by_its_pin(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        thread, fact = await opened(own)
        await own.admin.pin(thread, fact["id"])
        await noted(own, 1)
        request = await trimmed(own, thread)
        assert "the loom is blue" in str(request.body["messages"])
        await own.ann.delete(thread, fact["id"])
        await own.bots[0].logged("message_deleted", message=int(fact["id"]))
        assert "the loom is blue" not in str((await say(own, thread, "go on")).body["messages"])


async def test_what_is_edited_is_kept_as_it_says_by_now_though_it_was_pinned_before_its_answer(
    world: World,
) -> None:
    async with world.apart(SETTINGS) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        gate, fact = await streaming(own, thread, ["Good ", "to know."], "the loom is blue")
        await own.admin.pin(thread, fact["id"])
        await noted(own, 1)
        gate.release()
        await own.settled(fact)
        assert "the loom is blue" in str((await trimmed(own, thread)).body["messages"])
        await own.ann.edit(thread, fact["id"], "the loom is red")
        await own.bots[0].logged("message_edited", message=int(fact["id"]))
        sent = str((await say(own, thread, "which colour?")).body["messages"])
        assert "the loom is red" in sent
        assert "the loom is blue" not in sent


async def test_pins_of_direct_messages_count(world: World) -> None:
    async with world.apart(SETTINGS) as own:
        place = int((await own.ann.open_dm(own.app.user_id))["id"])
        asked = await own.ann.post(place, "the loom is blue")
        await own.settled(asked)
        await own.ann.pin(place, asked["id"])
        await noted(own, 1)
        await own.ann.unpin(place, asked["id"])
        await noted(own, 0)
