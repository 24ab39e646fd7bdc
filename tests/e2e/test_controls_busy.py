"""Claude is overloaded: waited for under a status line, and then one button away, before and after a restart."""

from __future__ import annotations

import pytest

from bot.conversation import error_wording, reply_wording, status_wording, wording
from bot.conversation.errors import ClaudeBusy
from bot.conversation.fallback_wording import OUR_ACCOUNT
from bot.local.simulator.claude import faults
from tests.e2e.controls import labels, press, sent
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTICE = f"{wording.small(error_wording.explain(ClaudeBusy()))}\n{wording.small(OUR_ACCOUNT)}"


async def test_an_overload_of_some_seconds_is_waited_for(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.claude.faults.add(faults.overloaded(), times=5)
    world.claude.say_when(lambda body: "are you busy?" in str(body["messages"][-1]), "Here I am.", times=1)
    message = await world.ann.post(thread, "are you busy?")
    await world.until(lambda: len(world.replies(thread)) == 2)
    shown = world.replies(thread)[-1]
    assert (shown["content"], labels(shown)) == (f"{status_wording.BUSY} ▌", ["Stop"])
    await world.settled(message)
    reply = world.replies(thread)[-1]
    assert (reply["content"], reply["id"]) == ("Here I am.", shown["id"])
    assert len(world.asked) == 1 + 5 + 1


async def test_stop_ends_the_waiting(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    world.claude.faults.add(faults.rate_limited(50))
    message = await world.ann.post(thread, "are you busy?")
    await world.until(lambda: len(world.replies(thread)) == 2)
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.settled(message, 20)
    (*_, reply) = world.replies(thread)
    assert (reply["content"], labels(reply)) == (wording.small(reply_wording.STOPPED_EARLY), ["Try again"])
    await world.settled(await world.ann.post(thread, "and now?"))
    assert "are you busy?" in sent(world)


async def test_the_button_below_an_overload_tries_again_after_a_restart(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        own.claude.faults.add(
            faults.rate_limited(3600), when=lambda body: "busy" in str(body["messages"][-1])
        )
        await own.settled(await own.ann.post(thread, "are you busy?"))
        (*_, notice) = own.replies(thread)
        assert (notice["content"], labels(notice)) == (NOTICE, ["Try again"])
        await own.bots.pop().kill()
        await own.start_bot()
        own.claude.say("Not any more.")
        await press(own.ann, thread, notice, "Try again")
        await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
        (*_, reply) = own.replies(thread)
        assert (reply["content"], reply["id"]) == ("Not any more.", notice["id"])


async def test_trying_again_in_vain_leaves_the_button(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    busy = faults.rate_limited(3600)
    world.claude.faults.add(busy, busy, when=lambda body: "busy" in str(body["messages"][-1]))
    await world.settled(await world.ann.post(thread, "are you busy?"))
    asked = len(world.asked)
    await press(world.ann, thread, world.replies(thread)[-1], "Try again")
    await world.until(lambda: len(world.asked) > asked and labels(world.replies(thread)[-1]) == ["Try again"])
    assert [message["content"] for message in world.said(thread)[1:]] == [NOTICE]
