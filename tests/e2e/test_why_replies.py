"""/why on replies that took more than one request: regenerated, continued, taken over after a crash, declined."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation import reply_wording, wording
from bot.conversation.decision import Cause
from bot.local.simulator.claude import Reply, ToolUse, faults
from tests.e2e.controls import anew, answer, labels, press
from tests.e2e.test_tools import ON, TOKYO
from tests.e2e.why_scene import is_because, menu, url, why
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}


async def test_a_regenerated_reply_tells_of_the_request_that_made_it(world: World) -> None:
    channel = world.channel()
    world.claude.say("The old answer.")
    thread = await world.converse(channel, "what is a loom?")
    await world.settled(thread)
    before = await menu(world.ben, thread, world.replies(thread)[0])
    assert "effort low" not in before
    await answer(await world.ann.command(thread, "model set", {"effort": "low"}))
    world.claude.say("The new answer.")
    await press(world.ann, thread, world.replies(thread)[0], "Regenerate")
    await anew(world, thread, "The new answer.")
    await world.until(lambda: labels(world.replies(thread)[0]))
    text = await menu(world.ben, thread, world.replies(thread)[0])
    assert url(world, channel, thread) in text
    assert "effort low" in text
    assert "Before it Claude saw nothing." in text
    assert "Cost: $" in text
    assert "This is the reply" in await why(world.ben, channel, thread)


async def test_a_regeneration_that_fails_keeps_the_answer_and_what_it_was_made_with(world: World) -> None:
    channel = world.channel()
    world.claude.say("The old answer.")
    thread = await world.converse(channel, "what is a loom?")
    await world.settled(thread)
    world.claude.faults.add(faults.refusal())
    await press(world.ann, thread, world.replies(thread)[0], "Regenerate")
    await world.until(lambda: wording.small(reply_wording.EARLIER_STANDS) in str(world.said(thread)))
    await world.until(lambda: labels(world.replies(thread)[0]))
    for text in (
        await menu(world.ben, thread, world.replies(thread)[0]),
        await why(world.ben, channel, thread),
    ):
        assert url(world, channel, thread) in text
        assert "Cost: $" in text
        assert "was not answered" not in text


async def test_a_continued_reply_tells_of_all_its_requests(world: World) -> None:
    channel = world.channel()
    world.claude.faults.add(faults.max_tokens(2))
    world.claude.say(["One, two, ", "three, ", "four."])
    thread = await world.converse(channel, "count")
    await world.settled(thread)
    first = await menu(world.ben, thread, world.replies(thread)[0])
    world.claude.say("four, five.")
    await press(world.ann, thread, world.replies(thread)[0], "Continue")
    await anew(world, thread, "One, two, three, four, five.")
    await world.until(lambda: labels(world.replies(thread)[0]) == ["Regenerate"])
    text = await menu(world.ben, thread, world.replies(thread)[0])
    assert url(world, channel, thread) in text
    read, cost = (
        [line for line in each.splitlines() if line.startswith(("Tokens", "Cost"))] for each in (first, text)
    )
    assert len(read) == len(cost) == 2
    assert read != cost, "the second request is counted besides"


async def test_a_reply_that_was_taken_over_after_a_crash_is_told_with_what_is_known(alone: World) -> None:
    bot = await alone.start_bot(**QUICK)
    channel = alone.channel()
    gate = alone.claude.hold(after=1)
    alone.claude.say(["Half ", "a reply"])
    thread = await alone.thread_of(await alone.ann.post(channel, f"{alone.mention} hello"))
    await gate.reached()
    await alone.until(lambda: alone.replies(thread))
    await bot.kill()
    gate.release()
    alone.claude.say("The whole reply.")
    alone.bots = [await alone.start_bot(**QUICK)]
    (reply,) = await alone.answered(thread)
    await alone.settled(thread)
    for text in (
        await menu(alone.ben, thread, reply),
        await why(alone.ben, channel, thread),
        await why(alone.ben, thread),
    ):
        assert url(alone, channel, thread) in text
        assert "Before it Claude saw nothing." in text
        assert "Tokens: " in text
        assert "What it cost is not known." in text, (
            "the request that the crash has cut off cost something, too"
        )


async def test_a_reply_that_was_found_on_discord_after_a_rollback_says_what_is_not_known(
    alone: World,
) -> None:
    bot = await alone.start_bot(**QUICK)
    channel = alone.channel()
    thread = await alone.converse(channel, "hello")
    await alone.settled(thread)
    asked = await alone.ann.post(thread, "and on")
    await alone.answered(thread, 2)
    await alone.settled(asked)
    await bot.kill()
    async with Redis.from_url(alone.redis_url, decode_responses=True) as redis:
        await redis.flushall()
    alone.bots = [await alone.start_bot(**QUICK)]
    await alone.settled(await alone.ann.post(thread, "still there?"))
    text = await menu(alone.ben, thread, alone.replies(thread)[1])
    assert url(alone, thread, asked) in text
    assert "Which model, effort and prompt it was made with is not known." in text
    assert "claude-" not in text, "the reply does not say which model wrote it"
    assert "How many tokens it took is not known" in text
    assert "What it cost is not known." in text


async def test_a_turn_that_a_step_declines_is_told_with_what_was_said(alone: World) -> None:
    bot = await alone.start_bot(module="tests.e2e.declining")
    channel = alone.channel()
    asked = await alone.ann.post(channel, f"{alone.mention} please decline this")
    await bot.logged("turn_done", turn=int(asked["id"]))
    text = await why(alone.ben, channel, asked)
    assert is_because(text, Cause.DECLINED, "That is too much for me.")
    assert "The rule: set for the server" in text
    assert "<@" not in text
    assert f"by <@{alone.ann.id}>" in await why(alone.admin, channel, asked)
    assert "It answers" in await why(alone.ben, await alone.converse(channel, "something else"))


async def test_a_reply_that_has_used_tools_names_them_and_claims_no_tokens_that_it_does_not_know(
    alone: World,
) -> None:
    await alone.start_bot(**ON)
    alone.claude.say(Reply.of("I look at the clock.", TOKYO, ToolUse("time_in", {"zone": "Atlantis"})))
    alone.claude.say("It is late.")
    thread = await alone.converse(alone.channel(), "what time is it in Tokyo?")
    await alone.settled(thread)
    text = await menu(alone.ben, thread, alone.replies(thread)[0])
    assert "Tools that Claude called: `time_in` (2 times)." in text
    assert "0 written" not in text
    (tokens,) = [line for line in text.splitlines() if line.startswith("Tokens")]
    assert tokens.startswith("Tokens of the first of its requests: ")
    assert "Cost: $" in text
