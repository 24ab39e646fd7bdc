"""/catchup: a private answer about a thread, read from its cache, which leaves nothing there; for readers alone."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands import catchup
from bot.commands.admission import BLOCKED
from bot.commands.invocation import NOT_A_CONVERSATION
from bot.conversation import consent, wording
from bot.conversation.fallback_wording import answered_by
from bot.local.simulator.claude import faults
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.drafts import SUPPRESS_EMBEDS
from tests.e2e.controls import streaming
from tests.e2e.in_time import first_answer
from tests.e2e.test_commands import answer
from tests.e2e.test_consent import REQUIRED, agree, asked_below
from tests.e2e.test_fallbacks import FALLBACK, HAIKU, SONNET, asks, for_long
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "The warp is long. " * 100


def asks_to_catch_up(body: Any) -> bool:
    """Whether a request is for a private answer."""
    return "wants to catch up" in body["messages"][-1]["content"][-1]["text"]


async def talk(own: World, channel: int | None = None) -> int:
    """A thread of two turns that is long enough to be cached."""
    own.claude.say(LONG * 8)
    thread = await own.converse(channel or own.channel(), LONG)
    await own.settled(thread)
    await own.settled(await own.ann.post(thread, "The loom is sold."))
    return thread


async def test_the_answer_is_private_links_to_messages_and_reads_the_cache_of_the_thread(
    world: World,
) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await talk(own, channel)
        own.claude.say_when(asks_to_catch_up, "The loom was sold [m2], after a talk of warps [m1].")
        said = len(own.said(thread))
        handle = await own.ben.command(thread, "catchup", {})
        told = await answer(handle)
        server, last = own.guild.id, own.discord.messages(thread)
        sold = next(each["id"] for each in last if "sold" in each["content"])
        assert f"[[2]](<https://discord.com/channels/{server}/{thread}/{sold}>)" in told
        assert f"[[1]](<https://discord.com/channels/{server}/{channel}/{thread}>)" in told
        assert len(own.said(thread)) == said
        before, asked = own.asked[-2:]
        usage = asked.usage
        total = sum(usage[kind] or 0 for kind in usage if kind.endswith("input_tokens"))
        assert usage["cache_read_input_tokens"] / total > 0.8
        assert not usage["cache_creation_input_tokens"]
        assert (asked.body["system"], asked.body["model"]) == (before.body["system"], before.body["model"])
        # Nothing of it is part of the conversation, whose cache is as it was.
        await own.settled(await own.ann.post(thread, "And now?"))
        assert "catch up" not in str(own.asked[-1].body["messages"])
        assert own.asked[-1].usage["cache_read_input_tokens"] >= usage["cache_read_input_tokens"]


async def test_a_question_and_a_time_reach_claude_also_after_a_restart(world: World) -> None:
    async with world.apart() as own:
        thread = await talk(own)
        await own.bots.pop().kill()
        await own.start_bot()
        own.claude.say_when(asks_to_catch_up, "It was sold.")
        options = {"since": "2h", "question": "who <bought> it?"}
        assert await answer(await own.ben.command(thread, "catchup", options)) == "It was sold."
        sent = str(own.asked[-1].body["messages"][-1])
        assert "&lt;bought>" in sent or "<bought>" in sent
        assert "The person knows what was said before" in sent
        for since, refused in (("soon", catchup.NOT_A_TIME), ("2200-01-01", catchup.IN_THE_FUTURE)):
            assert await answer(await own.ben.command(thread, "catchup", {"since": since})) == refused


async def test_security_who_may_not_read_or_ask_is_refused_kindly(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "the word is tulip")
        await own.settled(thread)
        asked = len(own.asked)
        assert await answer(await own.ben.command(channel, "catchup")) == NOT_A_CONVERSATION
        await answer(await own.admin.command(channel, "access block", {"person": str(own.ben.user.id)}))
        assert await answer(await own.ben.command(thread, "catchup")) == BLOCKED
        own.deny(channel, bits.READ_MESSAGE_HISTORY, own.ann.user.id)
        refused = await answer(await own.ann.command(thread, "catchup"))
        assert refused == catchup.MAY_NOT_READ.format("Read Message History")
        told = await answer(
            await own.admin.command(channel, "chat", {"message": "a secret", "private": True})
        )
        private = int(told.partition("<#")[2].rstrip(">"))
        await own.answered(private, 2)
        with pytest.raises(Exception, match=r"Unknown Channel|Missing Access"):
            await own.ann.command(private, "catchup")
        assert len(own.asked) == asked + 1


async def test_it_counts_within_the_limits_and_the_usage_of_the_person_who_asks(world: World) -> None:
    async with world.apart({"BOT_BUDGETS__PERSON": "1 message per month"}) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        assert "I see." in await answer(await own.ben.command(thread, "catchup"))
        usage = await answer(await own.ben.command(thread, "usage"))
        assert "1 answer" in usage or "1 message" in usage, usage
        refused = await answer(await own.ben.command(thread, "catchup"))
        assert "You have used up your answers here for this month" in refused
        assert len(own.asked) == 2


async def test_without_consent_nothing_is_asked(world: World) -> None:
    async with world.apart(REQUIRED) as own:
        channel = own.channel()
        message = await own.ann.post(channel, f"{own.mention} hello")
        await agree(own, channel, await asked_below(own, channel, message), own.ann)
        thread = await own.thread_of(message)
        await own.answered(thread)
        assert await answer(await own.ben.command(thread, "catchup")) == consent.NEEDED
        assert await answer(await own.ann.command(thread, "catchup")) == "I see."
        assert len(own.asked) == 2


async def test_it_does_not_wait_for_a_reply_that_is_being_written_nor_hold_one_up(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        own.claude.say_when(asks_to_catch_up, "They said hello.")
        gate, message = await streaming(own, thread, ["Once ", "upon a time."], "tell a story")
        assert await answer(await own.ben.command(thread, "catchup")) == "They said hello."
        gate.release()
        await own.settled(message)
        assert own.replies(thread)[-1]["content"] == "Once upon a time."


async def test_a_second_one_waits_for_the_first_and_a_failure_is_said(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        gate = own.claude.hold(after=0)
        first = await own.ben.command(thread, "catchup")
        await first.response()
        await gate.reached()
        assert await answer(await own.ben.command(thread, "catchup")) == catchup.ONE_AT_A_TIME
        gate.release()
        assert await answer(first) == "I see."
        own.claude.faults.add(faults.refusal())
        assert await answer(await own.ben.command(thread, "catchup")) == catchup.DECLINED
        own.claude.faults.add(faults.unauthorized())
        assert await answer(await own.ben.command(thread, "catchup")) == catchup.FAILED


@pytest.mark.parametrize("fault", ["overloaded", "refusal", "not_found"])
async def test_another_model_answers_where_the_chosen_one_does_not_and_the_answer_says_so(
    world: World, fault: str
) -> None:
    why = {"overloaded": "overloaded", "refusal": "refused", "not_found": "withdrawn"}[fault]
    async with world.apart(FALLBACK) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        failing: Any = {
            "overloaded": for_long(faults.overloaded()),
            "refusal": faults.refusal(after=1),
            "not_found": faults.not_found(),
        }[fault]
        own.claude.faults.add(failing, when=asks(SONNET))
        own.claude.say_when(asks(HAIKU), "They said hello [m1].")
        handle = await own.ben.command(thread, "catchup")
        assert "They said hello" in await answer(handle)
        await own.until(lambda: handle.followups)
        (small,) = handle.followups
        assert small["content"] == wording.small(answered_by(SONNET, HAIKU, why))
        assert small["ephemeral"]
        assert [call.body["model"] for call in own.asked] == [SONNET, SONNET, HAIKU]
        usage = await answer(await own.ben.command(thread, "usage"))
        assert HAIKU in usage
        # The thread goes on with the model that people have chosen.
        await own.settled(await own.ann.post(thread, "and now?"))
        assert own.asked[-1].body["model"] == SONNET


async def test_where_no_model_answers_the_failure_of_the_chosen_one_is_said(world: World) -> None:
    async with world.apart(FALLBACK) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        own.claude.faults.add(*[faults.refusal()] * 2)
        assert await answer(await own.ben.command(thread, "catchup")) == catchup.DECLINED
        assert [call.body["model"] for call in own.asked] == [SONNET, SONNET, HAIKU]


async def test_the_model_for_a_full_limit_answers_within_its_own_limit(world: World) -> None:
    limited = {
        "BOT_BUDGETS__PERSON": "1 token per month",
        "BOT_BUDGETS__FALLBACK_MODEL": HAIKU,
        "BOT_BUDGETS__FALLBACK": "1000000 tokens per month",
    }
    async with world.apart(limited) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.settled(thread)
        handle = await own.ann.command(thread, "catchup")
        assert await answer(handle) == "I see."
        await own.until(lambda: handle.followups)
        assert f"Until then {HAIKU} answers" in handle.followups[0]["content"]
        assert own.asked[-1].body["model"] == HAIKU


async def test_it_is_answered_in_time_though_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    proxy.delay_s = 0.8
    assert (await first_answer(lambda: own.ann.command(thread, "catchup"))).ephemeral
    proxy.leave()
    assert await answer(await own.ann.command(thread, "catchup")) == wording.STORE_DOWN


async def test_security_discord_requests_no_address_that_stands_in_a_private_answer(world: World) -> None:
    async with world.apart() as own:
        thread = await talk(own)
        own.claude.say_when(asks_to_catch_up, "See https://evil.example/?d=decisions for more.")
        for command in ("catchup", "help"):
            handle = await own.ben.command(thread, command, {})
            await answer(handle)
            assert (await handle.message())["flags"] & SUPPRESS_EMBEDS
