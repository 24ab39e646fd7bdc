"""The order of the steps of a turn, and what the journal holds after them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation import reply_wording
from bot.conversation.consulted import Consulted
from bot.conversation.errors import DiscordForbidden
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.keys import Keys
from bot.store.records import read_replies
from bot.turns.run import Runner
from tests.conversation.builders import message
from tests.turns.stage import ANSWER, CHANNEL, NOW, POLICY, A, B, Bench, C, hear, hear_mention


async def test_claude_is_asked_before_the_thread_is_open_and_nothing_is_posted_before(bench: Bench) -> None:
    bench.outbox.opening = asyncio.Event()
    running = await hear_mention(bench)
    await bench.claude.ended.wait()
    assert [done.what for done in bench.outbox.calls] == ["open_thread"]
    bench.outbox.opening.set()
    await running
    assert bench.outbox.texts() == [ANSWER]
    assert len(bench.outbox.seen("open_thread")) == 1


async def test_a_thread_that_cannot_be_opened_ends_the_request_and_is_told_of(bench: Bench) -> None:
    bench.claude.pause_s = 1000.0
    bench.outbox.opening = asyncio.Event()
    bench.outbox.refuses_threads = DiscordForbidden("Create Public Threads")
    running = await hear_mention(bench)
    await bench.claude.asked.wait()
    bench.outbox.opening.set()
    await running
    assert bench.claude.ended.is_set()
    (told,) = bench.outbox.texts()
    assert "Create Public Threads" in told
    assert not isinstance(await bench.journal.claim(A.id, "me"), Claim)


async def test_a_thread_is_opened_for_what_was_committed_before_it_was_there(bench: Bench) -> None:
    running = await hear_mention(bench)
    await running
    bench.outbox.calls.clear()
    bench.outbox.messages.clear()
    other = replace(message("other", number=NOW - 7), opens="Another")
    await bench.conversations.receive(other.id, other, source="event", channel_fields={"parent": CHANNEL})
    claim = await bench.claim(other.id)
    await bench.journal.commit(claim, None, Result("", ("Claude is away.",)), window_start=0)
    await bench.journal.release(claim, blameless=False)
    await bench.turn(other.id)
    assert [done.what for done in bench.outbox.calls] == ["open_thread", "send"]


@pytest.mark.parametrize("step", ["commit", "acknowledge"])
async def test_a_part_of_the_reply_that_the_store_forgets_in_between_is_journalled_again(
    bench: Bench, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    step_of_journal, record = getattr(bench.journal, step), Keys("test").record(C, A.id)

    async def goes_back_before(*given: Any, **named: Any) -> Any:
        await bench.redis.hdel(record, "reply:0")
        return await step_of_journal(*given, **named)

    monkeypatch.setattr(bench.journal, step, goes_back_before)
    bench.claude.answer = "Words and words. " * 180
    await hear(bench, A)
    await bench.turn()
    fields = {str(name): str(value) for name, value in (await bench.redis.hgetall(record)).items()}
    assert list(read_replies(fields).values()) == sorted(bench.outbox.messages)
    assert len(bench.outbox.messages) == 2


async def test_what_tools_have_done_is_kept_of_a_turn_that_is_given_up(bench: Bench) -> None:
    async def consulted(_claim: Claim) -> tuple[Consulted, ...]:
        return (Consulted("ring"),)

    bench.runner = Runner(replace(bench.services, consulted=consulted))
    await hear(bench, A)
    await bench.redis.hset(Keys("test").record(C, A.id), "tries", POLICY.tries + 1)
    await bench.turn()
    await hear(bench, B)
    (kept,) = (await bench.claim()).history
    assert (kept.outcome, kept.consulted, kept.members) == ("failed", (Consulted("ring"),), (A.id,))
    assert reply_wording.GIVEN_UP in bench.outbox.texts()[0]


async def test_a_turn_that_is_given_up_without_tools_leaves_no_entry(bench: Bench) -> None:
    await hear(bench, A)
    await bench.redis.hset(Keys("test").record(C, A.id), "tries", POLICY.tries + 1)
    await bench.turn()
    await hear(bench, B)
    assert (await bench.claim()).history == ()
