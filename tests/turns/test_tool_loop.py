"""The steps of a turn that calls tools, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation import status_wording
from bot.conversation.content import Text, ToolResult
from bot.conversation.errors import Fenced, StoreUnavailable
from bot.conversation.request import PromptMessage
from bot.retry import Schedule
from bot.store.claim import Presser
from bot.store.tool_steps import ToolStep
from bot.tools.tool import ToolContext, ToolOutput
from bot.turns import persist
from bot.turns.earlier_effects import consulted_before
from bot.turns.tool_loop import LIMIT_REACHED, MOST_TOLD, STOPPED, Answer, ToolPolicy
from tests.store.claims import changed
from tests.store.stage import KEYS, ONE, C
from tests.turns.tool_stage import Effect, GateSays, ToolBench, call, said, tool

DOING = status_wording.tool_status("Doing knock")


@pytest.fixture
async def bench(redis: Redis) -> ToolBench:
    return await ToolBench.begun(redis)


def only_results(blocks: tuple[Answer, ...]) -> tuple[ToolResult, ...]:
    found = tuple(block for block in blocks if isinstance(block, ToolResult))
    assert len(found) == len(blocks)
    return found


def texts(blocks: tuple[Answer, ...]) -> list[str]:
    return [block.text for each in only_results(blocks) for block in each.content if isinstance(block, Text)]


async def test_what_claude_said_and_the_results_are_the_messages_of_the_turn(bench: ToolBench) -> None:
    loop = bench.loop(tool("knock", Effect()))
    end = said(call("knock"))
    results = await loop.go_on(end, "I look.", bench.statuses.append)
    assert texts(results) == ["done"]
    assert [(each.role, each.blocks) for each in loop.messages] == [
        ("assistant", end.blocks),
        ("user", results),
    ]
    assert loop.text == "I look."
    assert [each.tool for each in loop.consulted] == ["knock"]
    assert bench.statuses == [DOING]
    assert [step.message for step in await bench.steps.of(bench.claim)] == list(loop.messages)


async def test_calls_of_one_reply_run_at_once_and_answer_in_their_order(bench: ToolBench) -> None:
    both = asyncio.Barrier(2)

    async def run(_context: ToolContext, arguments: Mapping[str, Any]) -> ToolOutput:
        async with asyncio.timeout(5):
            await both.wait()
        return ToolOutput.of(str(arguments["at"]))

    loop = bench.loop(tool("look", run))
    end = said(call("look", 1, '{"at": 1}'), call("look", 2, '{"at": 2}'))
    results = await loop.go_on(end, "", bench.statuses.append)
    assert [each.tool_use_id for each in only_results(results)] == ["toolu_1", "toolu_2"]
    assert texts(results) == ["1", "2"]


async def test_one_call_that_fails_keeps_the_others(bench: ToolBench) -> None:
    loop = bench.loop(tool("knock", Effect()), tool("ring", Effect(fails=ValueError("x"))))
    results = await loop.go_on(
        said(call("knock", 1), call("ring", 2), call("nothing", 3)), "", lambda _: None
    )
    assert [each.is_error for each in only_results(results)] == [False, True, True]


async def test_a_reply_that_pauses_is_noted_and_has_no_results(bench: ToolBench) -> None:
    loop = bench.loop(tool("knock", Effect()))
    assert await loop.go_on(said(stop_reason="pause_turn"), "Still. ", lambda _: None) == ()
    assert [each.role for each in loop.messages] == ["assistant"]


async def test_the_next_attempt_goes_on_behind_the_last_whole_step(bench: ToolBench) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True)
    loop = bench.loop(knock)
    await loop.go_on(said(call("knock")), "I look.", lambda _: None)
    bench = await bench.next_attempt()
    again = bench.loop(knock)
    assert await again.resume(bench.statuses.append)
    assert (again.messages, again.text, again.consulted) == (loop.messages, loop.text, loop.consulted)
    assert (len(effect.made), bench.statuses) == (1, [])


async def test_the_next_attempt_answers_the_calls_that_have_no_results(bench: ToolBench) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True)
    end = said(call("knock"))
    await bench.steps.add(bench.claim, 0, ToolStep(PromptMessage("assistant", end.blocks), "I look."))
    bench = await bench.next_attempt()
    loop = bench.loop(knock)
    assert await loop.resume(bench.statuses.append)
    assert [each.role for each in loop.messages] == ["assistant", "user"]
    assert (len(effect.made), bench.statuses) == (1, [DOING])


async def test_an_attempt_that_does_not_count_leaves_its_steps_to_the_next(bench: ToolBench) -> None:
    effect = Effect()
    await bench.loop(tool("knock", effect)).go_on(said(call("knock")), "", lambda _: None)
    await bench.store.journal.release(bench.claim, blameless=True)
    again = await bench.next_attempt()
    assert again.claim.attempt.number == 1
    loop = again.loop(tool("knock", effect))
    assert await loop.resume(lambda _: None)
    assert len(loop.messages) == 2


async def test_the_first_attempt_has_nothing_to_resume(bench: ToolBench) -> None:
    assert not await bench.loop(tool("knock", Effect())).resume(lambda _: None)


@pytest.mark.parametrize("crashed", [False, True])
async def test_the_same_call_in_a_later_step_is_another_effect_also_after_a_crash(
    bench: ToolBench, *, crashed: bool
) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True)
    loop = bench.loop(knock)
    await loop.go_on(said(call("knock", 1)), "", lambda _: None)
    if crashed:
        bench = await bench.next_attempt()
        loop = bench.loop(knock)
        await loop.resume(lambda _: None)
    await loop.go_on(said(call("knock", 2)), "", lambda _: None)
    assert len(set(effect.made)) == len(effect.made) == 2


async def test_the_same_call_twice_in_one_reply_is_two_effects(bench: ToolBench) -> None:
    effect = Effect()
    loop = bench.loop(tool("knock", effect, changes=True))
    await loop.go_on(said(call("knock", 1), call("knock", 2)), "", lambda _: None)
    assert len(set(effect.made)) == 2


async def test_the_key_of_an_effect_does_not_depend_on_the_id_of_the_call_or_the_order_of_its_input(
    bench: ToolBench,
) -> None:
    effect = Effect()
    knock = tool("knock", effect, changes=True)
    await bench.loop(knock).go_on(said(call("knock", 1, '{"a": 1, "b": 2}')), "", lambda _: None)
    await bench.redis.delete(KEYS.tool_steps(C))  # the steps are lost, and Claude says the same anew
    bench = await bench.next_attempt()
    await bench.loop(knock).go_on(said(call("knock", 9, '{"b": 2, "a": 1}')), "", lambda _: None)
    assert len(effect.made) == 2
    assert len(set(effect.made)) == 1


async def test_at_the_limit_of_steps_the_calls_are_not_made_and_claude_is_told(bench: ToolBench) -> None:
    effect = Effect()
    loop = bench.loop(tool("knock", effect, changes=True), policy=ToolPolicy(most_steps=2))
    told = [texts(await loop.go_on(said(call("knock", number)), "", lambda _: None)) for number in range(5)]
    assert told == [["done"], ["done"], *[[LIMIT_REACHED]] * MOST_TOLD, []]
    assert len(effect.made) == 2
    assert [each.outcome for each in loop.consulted] == ["done", "done"]


async def test_at_the_limit_of_seconds_the_calls_are_not_made(
    bench: ToolBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect, now = Effect(), [0.0]
    monkeypatch.setattr("bot.turns.tool_loop.time.monotonic", lambda: now[0])
    loop = bench.loop(tool("knock", effect), policy=ToolPolicy(most_s=10))
    for now_s, expected in ((100.0, "done"), (110.0, "done"), (110.1, LIMIT_REACHED)):
        now[0] = now_s
        assert texts(await loop.go_on(said(call("knock")), "", lambda _: None)) == [expected]


async def test_a_lost_lease_in_the_middle_of_a_call_is_told_as_it_is(bench: ToolBench) -> None:
    effect = Effect(gate=asyncio.Event())
    other = Effect(gate=asyncio.Event())
    loop = bench.loop(tool("knock", effect, changes=True), tool("look", other))
    task = asyncio.create_task(loop.go_on(said(call("knock", 1), call("look", 2)), "", lambda _: None))
    await effect.begun.wait()
    await other.begun.wait()
    await bench.next_attempt()
    assert effect.gate is not None
    effect.gate.set()
    with pytest.raises(Fenced):  # not a group of exceptions, which nobody would know
        await task
    assert other.made == []


async def test_a_store_that_stays_away_is_told_as_it_is(
    bench: ToolBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persist, "PERSIST", Schedule(0.0, within_s=0.0))

    async def away(*_: object) -> object:
        raise StoreUnavailable("away")

    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        monkeypatch.setattr(bench.steps, "end", away)
        return ToolOutput.of("x")

    loop = bench.loop(tool("knock", run, changes=True))
    with pytest.raises(StoreUnavailable):
        await loop.go_on(said(call("knock")), "", lambda _: None)


async def test_security_who_has_a_reply_written_again_lends_a_call_neither_name_nor_roles(
    bench: ToolBench,
) -> None:
    contexts = []

    async def run(context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        contexts.append(context)
        return ToolOutput.of("x")

    bench.claim = changed(bench.claim, presser=Presser(66, frozenset({8})))
    await bench.loop(tool("knock", run)).go_on(said(call("knock")), "", lambda _: None)
    (context,) = contexts
    assert (context.asker, context.roles, context.others) == (ONE.author.id, frozenset(ONE.roles), ())


async def test_a_loop_that_is_broken_off_stops_what_only_reads_and_lets_an_effect_end(
    bench: ToolBench,
) -> None:
    effect, reading = Effect(gate=asyncio.Event()), Effect(gate=asyncio.Event())
    loop = bench.loop(tool("knock", effect, changes=True), tool("look", reading))
    task = asyncio.create_task(loop.go_on(said(call("knock", 1), call("look", 2)), "", lambda _: None))
    await effect.begun.wait()
    await reading.begun.wait()
    loop.break_off()
    assert effect.gate is not None
    effect.gate.set()
    assert texts(await task) == ["done", STOPPED]
    assert (len(effect.made), reading.made) == (1, [])
    assert [(each.tool, each.outcome) for each in loop.consulted] == [("knock", "done")]


async def test_a_loop_that_is_broken_off_makes_no_further_call(bench: ToolBench) -> None:
    effect = Effect()
    loop = bench.loop(tool("knock", effect, changes=True))
    loop.break_off()
    assert await loop.go_on(said(call("knock")), "", lambda _: None) == ()
    assert effect.made == []


async def test_a_loop_that_is_cancelled_leaves_no_task_behind(bench: ToolBench) -> None:
    effect = Effect(gate=asyncio.Event())
    loop = bench.loop(tool("look", effect))
    task = asyncio.create_task(loop.go_on(said(call("look")), "", lambda _: None))
    await effect.begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [each for each in asyncio.all_tasks() if each.get_name().startswith("tool-")]


async def test_only_offered_tools_can_be_called(bench: ToolBench) -> None:
    effect = Effect()
    loop = bench.loop(tool("knock", effect))
    results = await loop.go_on(said(call("ring")), "", lambda _: None)
    assert (only_results(results)[0].is_error, effect.made) == (True, [])


async def test_the_gate_is_asked_for_each_call_that_is_made(bench: ToolBench) -> None:
    gate = GateSays()
    loop = bench.loop(tool("knock", Effect()), tool("ring", Effect(), changes=True), gate=gate)
    await loop.go_on(said(call("knock", 1), call("ring", 2), call("nothing", 3)), "", lambda _: None)
    assert sorted(gate.asked) == ["knock", "ring"]


async def test_what_earlier_attempts_have_consulted_is_known_without_a_request(
    bench: ToolBench, redis: Redis
) -> None:
    loop = bench.loop(tool("knock", Effect(), changes=True))
    await loop.go_on(said(call("knock")), "", lambda _: None)
    bench = await bench.next_attempt()
    assert await consulted_before(bench.steps, bench.claim) == loop.consulted
    for field in await redis.hkeys(KEYS.tool_steps(C)):
        await redis.hset(KEYS.tool_steps(C), field, "of a later version")
    assert await consulted_before(bench.steps, bench.claim) == ()
