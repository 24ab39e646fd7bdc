"""Discord says "not now" for longer than a call lasts: nothing is asked twice, called early or lost."""

from __future__ import annotations

import pytest

from bot.conversation import wording
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAN_S = 9.0
"""Longer than any call is waited for."""

LATE_S = 60.0
UNDER_WAY_S = 1.0
"""Longer than a call to the simulator takes, much shorter than the ban."""


async def test_a_thread_that_may_be_started_later_costs_one_request_and_one_call(world: World) -> None:
    channel = world.channel()
    ban = world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{channel}/.*threads$", retry_after_s=BAN_S
    )
    world.claude.say("Here it is.")
    asked = await world.ann.post(channel, f"{world.mention} hello?")
    (sign,) = await world.noticed(channel)
    assert "no need to repeat" in sign["content"]
    assert sign["content"].startswith(wording.SMALL)
    assert int(asked["id"]) not in world.discord.world.channels
    (reply,) = await world.answered(await world.thread_of(asked), timeout_s=LATE_S)
    await world.settled(asked)
    assert reply["content"] == "Here it is."
    assert (len(world.asked), ban.struck) == (1, 1)
    assert world.said(channel) == []


async def test_what_is_written_during_a_known_limit_is_asked_of_claude_afterwards(world: World) -> None:
    channel = world.channel()
    ban = world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{channel}/.*threads$", retry_after_s=BAN_S
    )
    first = await world.ann.post(channel, f"{world.mention} hello?")
    await world.bots[0].logged("turn_postponed", conversation=int(first["id"]))
    second = await world.ben.post(channel, f"{world.mention} and me?")
    await world.bots[0].logged("turn_postponed", conversation=int(second["id"]))
    assert len(world.asked) == 1
    for asked in (first, second):
        await world.answered(await world.thread_of(asked), timeout_s=LATE_S)
    assert (len(world.asked), ban.struck) == (2, 1)


async def test_a_restart_while_an_answer_waits_loses_nothing_and_calls_no_earlier(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        ban = own.discord.faults.add(action="ban", method="POST", route="/threads$", retry_after_s=2 * BAN_S)
        own.claude.say("Kept.")
        asked = await own.ann.post(channel, f"{own.mention} hello?")
        await own.bots[0].logged("turn_postponed", conversation=int(asked["id"]))
        await own.bots[0].kill()
        await own.start_bot()
        (reply,) = await own.answered(await own.thread_of(asked), timeout_s=LATE_S)
        await own.settled(asked)
        assert reply["content"] == "Kept."
        assert (len(own.asked), ban.struck) == (1, 1)
        assert own.said(channel) == []


async def test_cloudflares_ban_in_mid_stream_is_waited_for_without_a_call(world: World) -> None:
    async with world.apart() as own:
        gate = own.claude.hold(after=1)
        own.claude.say(["One ", "two."])
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} count"))
        await gate.reached()
        await own.until(lambda: own.replies(thread))
        own.discord.faults.add(action="ban", route="^/channels", retry_after_s=BAN_S, scope="cloudflare")
        gate.release()
        (reply,) = await own.answered(thread, timeout_s=LATE_S)
        assert reply["content"] == "One two."
        # A call of another task, such as the catching up, may have been under way when the first one was refused.
        first, *others = [call.at for call in own.calls() if call.status == 429]
        assert all(at < first + UNDER_WAY_S for at in others)
        assert len(own.asked) == 1


async def test_a_limit_of_a_threads_posts_is_told_in_its_channel(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    ban = world.discord.faults.add(
        action="ban", method="POST", route=f"/channels/{thread}/messages$", retry_after_s=BAN_S
    )
    world.claude.say("Still here.")
    asked = await world.ann.post(thread, "are you there?")
    (sign,) = await world.noticed(channel)
    assert f"<#{thread}>" in sign["content"]
    replies = await world.answered(thread, 2, timeout_s=LATE_S)
    await world.settled(asked)
    assert replies[-1]["content"] == "Still here."
    assert ban.struck == 1
    assert world.said(channel) == []


async def test_a_bot_that_is_timed_out_asks_nothing_and_answers_when_that_is_over(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello")
        own.discord.time_out(own.guild, own.app.user_id, 3600.0)
        mention = await own.ann.post(channel, f"{own.mention} and here?")
        await own.ann.post(thread, "are you there?")
        await own.bots[0].logged("turn_postponed", conversation=thread)
        await own.bots[0].logged("turn_postponed", conversation=int(mention["id"]))
        (line,) = own.bots[0].log("bot_timed_out")
        assert line["until"]
        assert own.bots[0].log("permission_missing") == []
        await own.bots[0].kill()
        await own.start_bot()
        # What waited before is looked at again within a minute; what is new, at once.
        later = await own.ben.post(channel, f"{own.mention} and me?")
        await own.bots[1].logged("turn_postponed", conversation=int(later["id"]))
        await own.until(lambda: own.bots[1].log("bot_timed_out"))
        refused = [call for call in own.calls() if call.status == 403]
        assert (len(own.asked), refused) == (1, [])
        own.discord.time_out(own.guild, own.app.user_id, None)
        await own.answered(thread, 2, timeout_s=2 * LATE_S)
        for asked in (mention, later):
            thread = int(asked["id"])
            await own.bots[1].logged("turn_done", 2 * LATE_S, conversation=thread)
            await own.answered(thread)
        assert len(own.asked) == 4


async def test_a_time_out_in_mid_stream_keeps_the_answer(world: World) -> None:
    async with world.apart() as own:
        gate = own.claude.hold(after=1)
        own.claude.say(["One ", "two."])
        thread = await own.thread_of(await own.ann.post(own.channel(), f"{own.mention} count"))
        await gate.reached()
        await own.until(lambda: own.replies(thread))
        own.discord.time_out(own.guild, own.app.user_id, BAN_S)
        gate.release()
        (reply,) = await own.answered(thread, timeout_s=LATE_S)
        assert reply["content"] == "One two."
        assert len(own.asked) == 1
