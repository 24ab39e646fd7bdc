"""What Claude is told of the past: kept over restarts, trimmed in few and large steps, cached in between."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation import wording
from bot.conversation.prompt import SUMMARY_REQUEST
from bot.local.simulator.claude import faults
from bot.local.simulator.claude.reply import Reply
from bot.store.contracts import CONTRACTS
from tests.e2e.budgets import max_tokens
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG_WORDS = 230
"""Some 750 tokens by the bot's estimate, and below Discord's 2000 characters."""

FRAMING_TOKENS = 10
"""What follows the last breakpoint of a request: the mark that the answer begins."""

UNTITLED = {"BOT_REPLY__TITLES": "message"}
"""Without the request for a title, so that each turn has the size of its message."""


@asynccontextmanager
async def store_of(world: World) -> AsyncIterator[Redis]:
    """The Redis behind a world."""
    redis = Redis.from_url(world.redis_url, decode_responses=True)
    try:
        yield redis
    finally:
        await redis.aclose()


async def stored_turns(world: World, thread: int) -> list[str]:
    """The history of a conversation as it is stored."""
    async with store_of(world) as redis:
        found = await redis.lrange(f"{world.prefix}:{{{thread}}}:h", 0, -1)
    return [str(entry) for entry in found]


async def say(world: World, thread: int, text: str) -> Any:
    """Post something, wait for the end of its turn, and return the request it led to."""
    world.claude.say("Noted.")
    await world.settled(await world.ann.post(thread, text))
    return world.asked[-1]


async def begin(world: World, text: str) -> int:
    """Open a thread with something, and wait for the end of its turn."""
    world.claude.say("Noted.")
    asked = await world.ann.post(world.channel(), f"{world.mention} {text}")
    await world.settled(asked)
    return int(asked["id"])


def long_text(number: int) -> str:
    """A long message that can be told from others."""
    return f"begin-{number} " + "weaving " * LONG_WORDS + f"end-{number}"


def grows(before: Any, after: Any) -> bool:
    """Whether a request holds the one before, byte for byte but for the cache's marks, and goes on after it."""
    one, other = (json.dumps(unmarked(request.body["messages"])) for request in (before, after))
    return other.startswith(one[: -len("]}]")]) and len(other) > len(one)


def unmarked(messages: Any) -> Any:
    """The messages of a request without marks of the cache, which are no part of what it compares."""
    return [
        {
            **message,
            "content": [
                {name: value for name, value in block.items() if name != "cache_control"}
                for block in message["content"]
            ],
        }
        for message in messages
    ]


async def test_the_conversation_goes_on_after_a_restart_and_after_a_crash(world: World) -> None:
    async with world.apart() as own:
        thread = await begin(own, "my loom is blue")
        await own.bots.pop().stop()
        await own.start_bot()
        after_restart = await say(own, thread, "what colour is it?")
        await own.bots.pop().kill()
        await own.start_bot()
        after_crash = await say(own, thread, "and yours?")
        assert grows(own.asked[0], after_restart)
        assert grows(after_restart, after_crash)
        assert len(after_crash.body["messages"]) == 5
        assert "my loom is blue" in str(after_crash.body["messages"][0])


async def test_each_request_extends_the_one_before_and_is_read_from_the_cache(world: World) -> None:
    # Prompts of less than 512 tokens are not cached (Anthropic, "Prompt caching").
    thread = await begin(world, long_text(1))
    requests = [world.asked[0], *[await say(world, thread, text) for text in ("two",)]]
    for before, after in itertools.pairwise(requests):
        assert grows(before, after)
        assert [block["text"] for block in after.body["system"]] == [
            block["text"] for block in before.body["system"]
        ]
        assert after.usage["cache_read_input_tokens"] == cached_input(before)
        assert total_input(before) - cached_input(before) < FRAMING_TOKENS


async def test_every_thread_is_asked_about_with_the_same_system_prompt(world: World) -> None:
    await begin(world, "hello")
    await world.converse(world.channel(), "hello from elsewhere", world.ben)
    first, second = world.asked
    assert first.body["system"] == second.body["system"]
    assert "cache_control" in first.body["system"][-1]


async def test_a_failed_turn_does_not_change_what_was_sent_before(world: World) -> None:
    thread = await begin(world, long_text(1))
    world.claude.faults.add(faults.payment_required())
    # Nothing is said to it, so that no answer is left over for somebody else.
    await world.settled(await world.ann.post(thread, "two"))
    failed = world.asked[-1]
    after = await say(world, thread, "three")
    assert grows(failed, after)
    assert after.usage["cache_read_input_tokens"] >= cached_input(world.asked[0])


async def test_the_history_is_only_ever_appended_to(world: World) -> None:
    thread = await begin(world, "one")
    before = await stored_turns(world, thread)
    await say(world, thread, "two")
    after = await stored_turns(world, thread)
    assert len(before) == 1
    assert after[:1] == before
    assert len(after) == 2


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
        notices = [m for m in own.said(thread) if wording.TRIMMED in m["content"]]
        assert len(notices) == sum(trims)
        assert all(notice["content"] == wording.small(wording.TRIMMED) for notice in notices)
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
        assert [m for m in own.said(thread) if wording.SUMMARIZED in m["content"]]


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
        assert [m for m in own.said(thread) if wording.TRIMMED in m["content"]]


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
        assert [m for m in own.said(thread) if wording.SHORTENED in m["content"]]


async def test_every_key_of_a_conversation_expires(world: World) -> None:
    thread = await begin(world, "hello")
    await say(world, thread, "again")
    lasting = [f"{world.prefix}:{contract.pattern}" for contract in CONTRACTS if not contract.expires]
    async with store_of(world) as redis:
        keys = [str(key) async for key in redis.scan_iter(f"{world.prefix}:*")]
        unlimited = [
            key
            for key in keys
            if await redis.ttl(key) < 0 and not any(map(partial(fnmatchcase, key), lasting))
        ]
        kept_s = await redis.ttl(f"{world.prefix}:{{{thread}}}:h")
    assert unlimited == []
    assert len([key for key in keys if str(thread) in key]) >= 4
    assert 89 * 86400 < kept_s <= 90 * 86400


def cached_input(request: Any) -> int:
    """The tokens of a request that the next one can read from the cache."""
    return int(request.usage["cache_read_input_tokens"] + request.usage["cache_creation_input_tokens"])


def total_input(request: Any) -> int:
    """All tokens that a request was charged for reading, at whatever price."""
    usage = request.usage
    return int(
        usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    )
