"""What tools did for a turn before another message joined it, over a real store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.conversation.message import Quote
from bot.store.claim import Claim
from bot.tools.gate import Waiting
from bot.turns.earlier_effects import EarlierEffects, consulted_before, left_out, tells_effects
from bot.turns.prepare import Declined, Prepared
from tests.store.stage import TWO, claimed, expire_lease, receive
from tests.turns.tool_stage import Effect, GateSays, ToolBench, call, said, tool

DONE = ", and done"


@pytest.fixture
async def bench(redis: Redis) -> ToolBench:
    return await ToolBench.begun(redis)


async def grown(bench: ToolBench) -> Claim:
    """The turn after a crash, joined by a message: Discord shows nothing of it."""
    await bench.store.journal.reopen(bench.claim)
    await receive(bench.store, TWO)
    await expire_lease(bench.redis)
    found = await claimed(bench.store, "another")
    assert len(found.batch.members) == 2
    return found


async def quotes(bench: ToolBench, claim: Claim) -> list[tuple[str, str, str]]:
    """What the first message tells: the tool, what became of it, the result."""
    found = await EarlierEffects(bench.steps)(claim, Prepared(claim.batch.messages))
    assert not isinstance(found, Declined)
    assert not any(message.quotes for message in found.messages[1:])
    return [
        (each.title, each.remark.partition(" came")[2], each.messages[0].text)
        for each in found.messages[0].quotes
    ]


async def test_effects_from_before_a_message_joined_are_told_once_by_every_attempt(bench: ToolBench) -> None:
    effect = Effect()
    tools = [tool("ring", effect, changes=True), tool("look", Effect())]
    await bench.loop(*tools).go_on(said(call("ring", 1), call("look", 2)), "I look.", lambda _: None)
    claim = await grown(bench)
    assert await bench.steps.of(claim) == ()
    assert await quotes(bench, claim) == [("ring", DONE, "done")]
    await expire_lease(bench.redis)
    later = await claimed(bench.store, "a third")
    assert await quotes(bench, later) == [("ring", DONE, "done")]
    # It is told by the message, and so not once more behind the turn.
    assert await left_out(bench.steps, claim, is_told=True) == ()


async def test_the_same_call_after_the_message_joined_makes_no_second_effect_and_is_told_the_same(
    bench: ToolBench,
) -> None:
    effect = Effect()
    ring = tool("ring", effect, changes=True)
    await bench.loop(ring).go_on(said(call("ring")), "", lambda _: None)
    claim = await grown(bench)
    before = await quotes(bench, claim)
    again = replace(bench, claim=claim).loop(ring)
    await again.resume(lambda _: None)
    await again.go_on(said(call("ring", 5)), "", lambda _: None)
    assert len(effect.made) == 1
    assert await quotes(bench, claim) == before


async def test_an_effect_that_was_cut_off_may_have_been_made(bench: ToolBench) -> None:
    loop = bench.loop(tool("ring", Effect(fails=None), changes=True))
    end = said(call("ring"), call("ring", 2))
    bench.steps.end = _lost  # type: ignore[assignment, method-assign]
    with pytest.raises(Fenced):
        await loop.go_on(end, "", lambda _: None)
    del bench.steps.end
    claim = await grown(bench)
    remarks = [remark for _, remark, _ in await quotes(bench, claim)]
    assert remarks
    assert set(remarks) == {"; nobody knows whether it took effect"}


async def _lost(*_: Any) -> None:
    raise Fenced("the lease is lost")


async def test_of_a_turn_that_ends_without_its_messages_the_effects_are_noted(bench: ToolBench) -> None:
    await bench.loop(tool("ring", Effect(), changes=True)).go_on(said(call("ring")), "", lambda _: None)
    claim = await grown(bench)
    assert [each.tool for each in await left_out(bench.steps, claim, is_told=False)] == ["ring"]
    assert [(each.tool, each.outcome) for each in await consulted_before(bench.steps, claim)] == [
        ("ring", "done")
    ]
    prepared = await EarlierEffects(bench.steps)(claim, Prepared(claim.batch.messages))
    assert isinstance(prepared, Prepared)
    told = replace(claim, batch=replace(claim.batch, messages=prepared.messages))
    assert tells_effects(told.batch.messages)
    assert await consulted_before(bench.steps, told) == ()


async def test_a_call_that_waits_is_noted_so_that_its_outcome_is_told(bench: ToolBench) -> None:
    gate = GateSays(Waiting("wait", 77))
    await bench.loop(tool("permit", Effect(), changes=True), gate=gate).go_on(
        said(call("permit")), "", lambda _: None
    )
    claim = await grown(bench)
    assert await quotes(bench, claim) == []
    for is_told in (True, False):
        (waiting,) = await left_out(bench.steps, claim, is_told=is_told)
        assert (waiting.tool, waiting.outcome, waiting.approval) == ("permit", "waiting", 77)


async def test_a_turn_that_nothing_has_joined_tells_nothing(bench: ToolBench) -> None:
    ring = tool("ring", Effect(), changes=True)
    await bench.loop(ring).go_on(said(call("ring")), "", lambda _: None)
    later = await bench.next_attempt()
    assert await quotes(bench, later.claim) == []
    assert await left_out(bench.steps, later.claim, is_told=False) == ()
    assert [each.tool for each in await consulted_before(bench.steps, later.claim)] == ["ring"]


async def test_what_other_calls_became_is_no_earlier_effect(bench: ToolBench) -> None:
    (message,) = bench.claim.batch.messages
    assert not tells_effects([replace(message, quotes=(Quote("tool", 1, (), "ring", (), "refused"),))])
