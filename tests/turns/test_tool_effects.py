"""Calls that change something: each effect is made once."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import Fenced
from bot.store.tool_steps import Begun
from bot.tools.gate import Waiting
from tests.turns.call_stage import CONTEXT, bench, calls
from tests.turns.tool_stage import Effect, GateSays, ToolBench, call, tool

__all__ = ["bench"]


async def test_an_effect_is_made_once_and_its_result_is_that_of_the_first(bench: ToolBench) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True)
    first = await calls(bench, knock).answer(call("knock", 1), CONTEXT)
    bench = await bench.next_attempt()
    second = await calls(bench, knock).answer(call("knock", 2), CONTEXT)
    assert effect.made == ["k"]
    assert (second.result.tool_use_id, second.result.content) == ("toolu_2", first.result.content)
    assert second.consulted == first.consulted


@pytest.mark.parametrize("repeats", [False, True])
async def test_an_effect_that_was_interrupted_is_made_again_only_if_it_repeats_safely(
    bench: ToolBench, *, repeats: bool
) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True, repeats=repeats)
    assert await bench.steps.begin(bench.claim, "k") is Begun.NOW
    bench = await bench.next_attempt()
    found = await calls(bench, knock).answer(call("knock"), CONTEXT)
    assert effect.made == (["k"] if repeats else [])
    assert found.consulted.outcome == ("done" if repeats else "unknown")
    # The third attempt is told the same.
    bench = await bench.next_attempt()
    assert (await calls(bench, knock).answer(call("knock"), CONTEXT)).consulted == found.consulted
    assert len(effect.made) <= 1


async def test_an_effect_that_was_interrupted_is_not_asked_about_at_the_gate_again(bench: ToolBench) -> None:
    effect, gate = Effect(), GateSays(Waiting("wait", 5))
    await bench.steps.begin(bench.claim, "k")
    bench = await bench.next_attempt()
    found = await calls(bench, tool("knock", effect, changes=True), gate=gate).answer(call("knock"), CONTEXT)
    assert (found.consulted.outcome, gate.asked, effect.made) == ("unknown", [], [])


async def test_a_call_that_waits_is_asked_about_again_by_the_next_attempt(bench: ToolBench) -> None:
    gate = GateSays(Waiting("wait", 5))
    knock = tool("knock", Effect(), changes=True)
    first = await calls(bench, knock, gate=gate).answer(call("knock"), CONTEXT)
    bench = await bench.next_attempt()
    assert await calls(bench, knock, gate=gate).answer(call("knock"), CONTEXT) == first


async def test_who_has_lost_the_lease_makes_no_effect(bench: ToolBench) -> None:
    lost, effect = bench, Effect()
    await bench.next_attempt()
    with pytest.raises(Fenced):
        await calls(lost, tool("knock", effect, changes=True)).answer(call("knock"), CONTEXT)
    assert effect.made == []


async def test_a_restarted_turn_does_not_take_an_effect_for_its_own(bench: ToolBench) -> None:
    effect = Effect(gate=asyncio.Event())
    knock = tool("knock", effect, changes=True)
    task = asyncio.create_task(calls(bench, knock).answer(call("knock"), CONTEXT))
    await effect.begun.wait()
    task.cancel()
    await asyncio.wait({task})
    again = await calls(bench, knock).answer(call("knock"), CONTEXT)
    assert again.consulted.outcome == "unknown"
