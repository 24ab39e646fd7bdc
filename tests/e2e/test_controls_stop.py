"""Stop: by button and by command, in one instance and in two, through a restart."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot.commands.invocation import NOT_A_CONVERSATION
from bot.commands.reply_controls import MAY_NOT_STOP, NOTHING_TO_CONTINUE, NOTHING_TO_STOP, STOPPING
from bot.conversation import reply_wording, wording
from bot.local.simulator.discord import permissions as bits
from bot.store.keys import Keys
from bot.store.turn_control import TurnControl
from tests.e2e.controls import answer, labels, press, sent, streaming, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_stopped_reply_ends_at_once_keeps_what_was_written_and_says_so(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate, message = await streaming(world, thread, ["Once upon a time ", "there was a loom."], "a story")
    assert labels(world.replies(thread)[-1]) == ["Stop"]
    await press(world.ann, thread, world.replies(thread)[-1], "Stop")
    await world.claude.until(lambda: world.asked[-1].finished is not None)
    assert world.asked[-1].hung_up
    await world.settled(message)
    reply, notice = world.said(thread)[-2:]
    assert reply["content"] == "Once upon a time"
    assert labels(reply) == ["Regenerate"]
    assert notice["content"] == wording.small(reply_wording.STOPPED)
    more = await answer(await world.ann.command(thread, "continue"))
    assert more == NOTHING_TO_CONTINUE
    assert "complete" not in more, "a reply that was stopped is not"
    gate.release()
    await world.settled(await world.ann.post(thread, "and then?"))
    assert "Once upon a time" in sent(world)
    assert "there was a loom" not in sent(world)


async def test_stop_before_any_text_says_that_nothing_was_written_and_keeps_the_message(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    gate = world.claude.hold(after=0)
    message = await world.ann.post(thread, "a riddle")
    await gate.reached()
    assert await answer(await world.ann.command(thread, "stop")) == STOPPING
    await world.settled(message)
    assert world.replies(thread)[-1]["content"] == wording.small(reply_wording.STOPPED_EARLY)
    gate.release()
    await world.settled(await world.ann.post(thread, "well?"))
    assert "a riddle" in sent(world)


async def test_stop_where_nothing_is_written_says_so(world: World) -> None:
    thread = await world.converse(world.channel(), "hello")
    await world.settled(thread)
    assert await answer(await world.ann.command(thread, "stop")) == NOTHING_TO_STOP
    assert await answer(await world.ann.command(world.channel(), "stop")) == NOT_A_CONVERSATION


async def test_a_stranger_cannot_stop_a_reply_and_a_moderator_can(world: World) -> None:
    thread = await world.converse(world.channel(), "hello", world.ben)
    gate, message = await streaming(world, thread, ["One ", "two"], "count", world.ann)
    stranger = world.person("stan")
    pressed = await press(stranger, thread, world.replies(thread)[-1], "Stop")
    assert await told(pressed, world) == MAY_NOT_STOP
    assert await answer(await stranger.command(thread, "stop")) == MAY_NOT_STOP
    assert world.asked[-1].finished is None
    mod = world.person("mod", bits.MANAGE_MESSAGES)
    await press(mod, thread, world.replies(thread)[-1], "Stop")
    await world.settled(message)
    assert world.replies(thread)[-1]["content"] == "One"
    gate.release()


async def test_a_stop_reaches_the_instance_that_writes_whichever_hears_it(world: World) -> None:
    async with world.apart(bots=2) as own:
        thread = await own.converse(own.channel(), "hello")
        took_s = []
        for number in range(6):
            gate, _ = await streaming(own, thread, [f"Part {number} ", "more"], f"question {number}")
            shown = own.replies(thread)[-1]
            pressed_s = time.monotonic()
            handle = await press(own.ann, thread, shown, "Stop")
            await own.claude.until(lambda: own.asked[-1].finished is not None)
            took_s.append(time.monotonic() - pressed_s)
            gate.release()
            await own.until(lambda: labels(own.replies(thread)[-1]) == ["Regenerate"])
            assert handle.followups == []
            assert own.replies(thread)[-1]["content"] == f"Part {number}"
        print("\nfrom the click to the end of Claude's stream:", [f"{s * 1000:.0f} ms" for s in took_s])  # noqa: T201
        both = [len(bot.log("reply_control_requested")) for bot in own.bots]
        assert sum(both) == 6


async def test_a_reply_that_is_stopped_while_nobody_writes_it_stays_as_it_stands(world: World) -> None:
    async with world.apart({"BOT_TURNS__LEASE_S": "3", "BOT_TURNS__HEARTBEAT_S": "1"}) as own:
        thread = await own.converse(own.channel(), "hello")
        gate, message = await streaming(own, thread, ["Half of it, ", "and the rest"], "a story")
        await own.bots.pop().kill()
        # A stop that came to the store and no further.
        redis: Redis = Redis.from_url(own.redis_url, decode_responses=True)
        stopped = await TurnControl(redis, Keys(own.prefix), ttl_s=1000).stop(thread)
        await redis.aclose()
        assert stopped == int(message["id"])
        asked = len(own.asked)
        await own.start_bot()
        await own.settled(message)
        assert len(own.asked) == asked
        reply, notice = own.said(thread)[-2:]
        assert (reply["content"], notice["content"]) == ("Half of it,", wording.small(reply_wording.STOPPED))
        gate.release()
        await own.settled(await own.ann.post(thread, "go on"))
        assert "Half of it," in sent(own)


async def test_the_stop_button_works_after_the_bot_that_made_it_is_gone(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        gate, message = await streaming(own, thread, ["Before ", "after"], "a story")
        await own.bots.pop().kill()
        again = own.claude.hold(after=1)
        own.claude.say(["Written by the next ", "bot"])
        await own.start_bot()
        await again.reached()
        gate.release()
        await press(own.ann, thread, own.replies(thread)[-1], "Stop")
        await own.settled(message)
        assert own.replies(thread)[-1]["content"] == "Written by the next"
        again.release()
