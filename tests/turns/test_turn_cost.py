"""What a turn records of the cost of its requests, however the turn ends."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.conversation.errors import DiscordForbidden, DiscordGone
from bot.conversation.pricing import MTOK, Prices
from bot.conversation.request import Usage
from bot.conversation.request_cost import Payer, RequestCost
from bot.store.keys import Keys
from bot.turns.run import Runner
from tests.turns.stage import POLICY, TERMS, A, B, Bench, C, always, anew, hear, unpriced


async def test_a_request_that_is_dropped_for_what_is_written_on_counts_as_of_unknown_cost(
    bench: Bench,
) -> None:
    await hear(bench, A)
    bench.outbox.round_trip_s = 0.5
    claim = await bench.claim()
    arrivals = asyncio.Event()
    bench.claude.silent = asyncio.Event()
    running = asyncio.create_task(bench.runner.run(claim, arrivals))
    await bench.claude.asked.wait()
    await hear(bench, B)
    arrivals.set()
    bench.claude.asked.clear()
    await bench.claude.asked.wait()
    bench.claude.silent.set()
    await running
    meta = await bench.conversations.meta(C)
    assert meta is not None
    assert meta.unpriced == 2  # and the second one, as nobody knows the prices here


@pytest.mark.parametrize("failure", [DiscordForbidden("Send Messages in Threads"), DiscordGone()])
async def test_what_was_asked_for_in_vain_is_counted_when_discord_takes_no_reply(
    bench: Bench, failure: Exception
) -> None:
    await hear(bench, A)
    bench.outbox.failures.append(failure)
    bench.claude.pause_s = 60.0
    await bench.turn()
    assert await unpriced(bench) == 1


async def test_a_round_anew_that_discord_refuses_is_counted_once(bench: Bench) -> None:
    await anew(bench)
    assert await unpriced(bench) == 1  # nobody knows the prices here
    bench.outbox.failures.append(DiscordForbidden("Send Messages in Threads"))
    await bench.turn()
    assert await unpriced(bench) == 2


async def test_a_turn_that_is_set_aside_counts_each_try_that_was_killed(bench: Bench) -> None:
    await hear(bench, A)
    for _ in range(POLICY.tries):
        await bench.claim()
        await bench.redis.hset(Keys("test").lease(C), "expires", "0")
    await bench.turn()
    assert await unpriced(bench) == POLICY.tries


async def test_an_attempt_that_has_recorded_its_cost_is_not_counted_as_unknown_by_the_next(
    bench: Bench,
) -> None:
    terms = replace(TERMS, prices=Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=0))
    bench.runner = Runner(replace(bench.services, terms_of=always(terms)))
    await hear(bench, A)
    broken_off = await bench.claim()
    await bench.journal.record_cost(broken_off, cost=7, unpriced=0)
    await bench.journal.release(broken_off, blameless=False)
    await bench.turn()
    await hear(bench, B)
    (turn,) = (await bench.claim()).history
    meta = await bench.conversations.meta(C)
    assert meta is not None
    assert (meta.cost, meta.unpriced, turn.cost) == (7, 0, 7)


async def test_a_reply_of_which_the_store_knows_nothing_was_asked_for_all_the_same(bench: Bench) -> None:
    bench.answered_before("An answer.", reply_to=A.id)
    await bench.conversations.receive(C, A, source="listing", channel_fields={"guild": 1})
    await bench.turn()
    assert not bench.claude.asked.is_set()
    assert await unpriced(bench) == 1


async def test_the_report_of_a_cost_says_for_whom_and_where_claude_was_asked(bench: Bench) -> None:
    terms = replace(TERMS, prices=Prices(input=MTOK, write_5m=0, write_1h=0, read=0, output=0))
    reported: list[RequestCost] = []
    bench.runner = Runner(replace(bench.services, terms_of=always(terms), report_cost=reported.append))
    await hear(bench, A)
    await bench.turn()
    payer = Payer(person=A.author.id, server=1, channel=C, conversation=C)
    assert reported == [RequestCost(payer, "claude-test", "reply", Usage(), 0)]
