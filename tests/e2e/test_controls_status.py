"""The line in the place of a reply during a long phase without text."""

from __future__ import annotations

import pytest

from bot.conversation import reply_wording, status_wording, wording
from bot.local.simulator.claude import faults
from tests.e2e.controls import labels, press
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_who_waits_for_long_is_told_what_for_and_the_line_becomes_the_reply(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=0)
    world.claude.say_when(lambda body: "think hard" in str(body["messages"][-1]), "Thought through.")
    message = await world.ann.post(thread, "think hard")
    await world.until(lambda: len(world.replies(thread)) == 2)
    shown = world.replies(thread)[-1]
    assert (shown["content"], labels(shown)) == (f"{status_wording.THINKING} ▌", ["Stop"])
    gate.release()
    await world.settled(message)
    reply = world.replies(thread)[-1]
    assert (reply["content"], reply["id"]) == ("Thought through.", shown["id"])
    assert len(world.called("PATCH", f"/messages/{shown['id']}")) <= 2


async def test_a_line_that_a_killed_bot_has_left_becomes_the_reply_of_the_next(world: World) -> None:
    async with world.apart({"BOT_TURNS__LEASE_S": "3", "BOT_TURNS__HEARTBEAT_S": "1"}) as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.faults.add(faults.rate_limited(20), when=lambda body: "busy" in str(body["messages"][-1]))
        message = await own.ann.post(thread, "are you busy?")
        await own.until(lambda: len(own.replies(thread)) == 2)
        shown = own.replies(thread)[-1]
        assert shown["content"] == f"{status_wording.BUSY} ▌"
        await own.bots.pop().kill()
        own.claude.say("Not any more.")
        await own.start_bot()
        await own.settled(message)
        reply = own.replies(thread)[-1]
        assert (reply["content"], reply["id"]) == ("Not any more.", shown["id"])


async def test_a_stop_during_such_a_phase_leaves_a_notice_in_its_place(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=0)
    message = await world.ann.post(thread, "think")
    await world.until(lambda: len(world.replies(thread)) == 2)
    shown = world.replies(thread)[-1]
    await press(world.ann, thread, shown, "Stop")
    await world.settled(message)
    gate.release()
    (*_, reply) = world.replies(thread)
    assert (reply["content"], reply["id"]) == (wording.small(reply_wording.STOPPED_EARLY), shown["id"])
