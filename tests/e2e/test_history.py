"""What Claude is told of the past: kept over restarts, trimmed in few and large steps, cached in between."""

from __future__ import annotations

import itertools
from fnmatch import fnmatchcase
from functools import partial

import pytest

from bot.local.simulator.claude import faults
from bot.store.contracts import CONTRACTS
from tests.e2e.history_scene import (
    begin,
    cached_input,
    grows,
    long_text,
    say,
    store_of,
    stored_turns,
    total_input,
)
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


FRAMING_TOKENS = 10
"""What follows the last breakpoint of a request: the mark that the answer begins."""


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
