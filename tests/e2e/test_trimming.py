"""Long conversations are trimmed, summed up and shortened."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from bot.conversation import reply_wording, wording
from bot.conversation.prompt import SUMMARY_REQUEST
from bot.local.simulator.claude import faults
from bot.local.simulator.claude.reply import Reply
from tests.e2e.budgets import max_tokens
from tests.e2e.history_scene import (
    begin,
    cached_input,
    grows,
    long_text,
    say,
    stored_turns,
    total_input,
    unmarked,
)
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


UNTITLED = {"BOT_REPLY__TITLES": "message"}
"""Without the request for a title, so that each turn has the size of its message."""


async def test_a_long_conversation_is_trimmed_by_whole_turns_from_the_oldest_in_few_steps(
    world: World,
) -> None:
    settings = {**UNTITLED, "BOT_HISTORY__MAX_TOKENS": max_tokens(2025), "BOT_HISTORY__KEEP_RATIO": "0.75"}
    async with world.apart(settings) as own:
        thread = await begin(own, long_text(0))
        for number in range(1, 4):
            await say(own, thread, long_text(number))
        requests = own.asked
        trims = [not grows(one, other) for one, other in itertools.pairwise(requests)]
        assert trims == [False, True, False]
        for request in requests:
            messages = request.body["messages"]
            first = str(messages[0])
            assert messages[0]["role"] == "user"
            assert first.count("begin-") == first.count("end-") == 1
            numbers = [n for n in range(4) if f"begin-{n} " in str(messages)]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            assert total_input(request) <= int(max_tokens(2025))
        for (before, after), trimmed in zip(itertools.pairwise(requests), trims, strict=True):
            if not trimmed:
                assert after.usage["cache_read_input_tokens"] == cached_input(before)
        notices = [m for m in own.said(thread) if reply_wording.TRIMMED in m["content"]]
        assert len(notices) == sum(trims)
        assert all(notice["content"] == wording.small(reply_wording.TRIMMED) for notice in notices)
        assert len(await stored_turns(own, thread)) == 4


def asks_for_a_summary(body: Any) -> bool:
    """Whether a request asks for the summary of what is about to be left out."""
    return bool(body["messages"][-1]["content"][-1]["text"] == SUMMARY_REQUEST)


async def test_what_is_trimmed_leaves_a_summary_where_that_is_wanted(world: World) -> None:
    settings = {
        **UNTITLED,
        "BOT_HISTORY__MAX_TOKENS": max_tokens(2025),
        "BOT_HISTORY__KEEP_RATIO": "0.75",
        "BOT_HISTORY__ON_TRIM": "summarize",
    }
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms.")
        thread = await begin(own, long_text(0))
        for number in range(1, 3):
            await say(own, thread, long_text(number))
        before, summing, after = own.asked[-3:]
        assert asks_for_a_summary(summing.body)
        # All that was said before, the last answer included, and then the question for the summary.
        assert unmarked(summing.body["messages"])[:-2] == unmarked(before.body["messages"])
        assert summing.usage["cache_read_input_tokens"] == cached_input(before)
        assert "They talked of looms." in after.body["messages"][0]["content"][0]["text"]
        assert "begin-0" not in str(after.body)
        assert grows(after, await say(own, thread, "and then?"))
        assert [m for m in own.said(thread) if reply_wording.SUMMARIZED in m["content"]]


async def test_a_summary_that_may_hold_a_deleted_message_is_written_anew(world: World) -> None:
    settings = {**UNTITLED, "BOT_HISTORY__MAX_TOKENS": max_tokens(2025), "BOT_HISTORY__ON_TRIM": "summarize"}
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms.")
        thread = await begin(own, long_text(0))
        second = await own.ann.post(thread, long_text(1))
        await own.settled(second)
        await own.settled(await own.ann.post(thread, long_text(2)))
        assert "They talked of looms." in str(own.asked[-1].body)
        await own.ann.delete(thread, second["id"])
        await own.bots[0].logged("message_deleted", message=int(second["id"]))
        own.claude.say_when(asks_for_a_summary, "They talked of wool.")
        before = len(own.asked)
        await own.settled(await own.ann.post(thread, long_text(3)))
        requests = [str(call.body) for call in own.asked[before:]]
        assert not any("They talked of looms." in each or "begin-1" in each for each in requests)
        assert "They talked of wool." in requests[-1]


async def test_who_writes_or_edits_on_makes_nobody_sum_up_twice(world: World) -> None:
    settings = {**UNTITLED, "BOT_HISTORY__MAX_TOKENS": max_tokens(2025), "BOT_HISTORY__ON_TRIM": "summarize"}
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, "They talked of looms.")
        thread = await begin(own, long_text(0))
        await say(own, thread, long_text(1))
        before = len(own.asked)
        summing = own.claude.hold(after=0)
        asked = await own.ann.post(thread, long_text(2))
        await summing.reached()
        replying = own.claude.hold(after=0)
        await own.ben.post(thread, "and me")
        await own.bots[0].logged("messages_joined")
        summing.release()
        await replying.reached()
        await own.ann.edit(thread, asked["id"], f"in short: {long_text(2)}")
        await own.claude.until(lambda: "in short" in str(own.asked[-1].body))
        replying.release()
        await own.settled(asked)
        kinds = [asks_for_a_summary(request.body) for request in own.asked[before:]]
        assert kinds == [True, False, False]
        assert "They talked of looms." in str(own.asked[-1].body["messages"][0])
        assert "and me" in str(own.asked[-1].body["messages"][-1])


async def test_where_no_summary_is_to_be_had_the_oldest_turns_just_go(world: World) -> None:
    settings = {
        **UNTITLED,
        "BOT_HISTORY__MAX_TOKENS": max_tokens(2025),
        "BOT_HISTORY__KEEP_RATIO": "0.75",
        "BOT_HISTORY__ON_TRIM": "summarize",
    }
    async with world.apart(settings) as own:
        own.claude.say_when(asks_for_a_summary, Reply((), stop_reason="refusal"))
        thread = await begin(own, long_text(0))
        for number in range(1, 3):
            await say(own, thread, long_text(number))
        assert "summary>" not in str(own.asked[-1].body["messages"])
        assert "begin-0" not in str(own.asked[-1].body)
        assert [m for m in own.said(thread) if reply_wording.TRIMMED in m["content"]]


async def test_what_the_api_refuses_as_too_long_is_sent_again_by_its_figures(world: World) -> None:
    async with world.apart() as own:
        thread = await begin(own, long_text(0))
        await say(own, thread, long_text(1))
        own.claude.faults.add(faults.bad_request("prompt is too long: 210000 tokens > 100000 maximum"))
        after = await say(own, thread, "three")
        assert "begin-0" not in str(after.body)
        assert "three" in str(after.body)
        assert own.replies(thread)[-1]["content"].startswith("Noted.")


async def test_a_message_that_is_more_than_the_budget_is_answered_in_part_and_the_author_is_told(
    world: World,
) -> None:
    async with world.apart({**UNTITLED, "BOT_HISTORY__MAX_TOKENS": max_tokens(525)}) as own:
        thread = await begin(own, long_text(0))
        asked = await say(own, thread, long_text(1))
        text = str(asked.body["messages"])
        assert "begin-1" in text
        assert "end-1" in text
        assert "left out" in text
        assert total_input(asked) <= int(max_tokens(625))
        assert [m for m in own.said(thread) if reply_wording.SHORTENED in m["content"]]
