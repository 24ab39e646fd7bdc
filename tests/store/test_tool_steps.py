"""The journal of a running turn's tools, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.consulted import Consulted
from bot.conversation.content import Opaque, Text, ToolResult, ToolUse
from bot.conversation.errors import Fenced, Unreadable
from bot.conversation.request import PromptMessage
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.key_lifetimes import TOOL_STEPS_S
from bot.store.tool_steps import Answered, Begun, ToolStep, ToolSteps
from bot.store.turn_control import RegenerateResult, TurnControl
from tests.conversation.builders import message
from tests.store.claims import changed
from tests.store.stage import KEYS, ONE, THREE, TTL_S, TWO, C, Store, answered, claimed, expire_lease, receive

THINKING = Opaque('{"type": "thinking", "thinking": "", "signature": "c2ln"}', tokens=3)
CALL = ToolUse("toolu_1", "time_in", '{"zone": "Asia/Tokyo"}', caller='{"type": "direct"}')
SAID = ToolStep(PromptMessage("assistant", (THINKING, Text("I look."), CALL)), "I look.")
HEARD = ToolStep(
    PromptMessage("user", (ToolResult("toolu_1", (Text("late"),), is_error=True),)),
    consulted=(Consulted("time_in", "done", ("https://example.org/a",), 7),),
)
OUTCOME = Answered(ToolResult("toolu_1", (Text("done"),)), Consulted("knock"))


@pytest.fixture
def steps(redis: Redis) -> ToolSteps:
    return ToolSteps(redis, KEYS)


async def running(store: Store) -> Claim:
    await receive(store, ONE)
    return await claimed(store)


async def end(store: Store, claim: Claim) -> None:
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False)


async def test_what_is_noted_comes_back_as_it_was_and_in_order(store: Store, steps: ToolSteps) -> None:
    claim = await running(store)
    for number in range(12):
        await steps.add(claim, number, replace(SAID, text=str(number)) if number % 2 else HEARD)
    found = await steps.of(claim)
    assert [step.text for step in found] == ["", "1", "", "3", "", "5", "", "7", "", "9", "", "11"]
    assert found[0] == HEARD
    assert found[1] == replace(SAID, text="1")


async def test_a_turn_without_tools_has_no_steps(store: Store, steps: ToolSteps) -> None:
    assert await steps.of(await running(store)) == ()


async def test_a_step_behind_one_that_the_store_has_lost_is_left_out(
    store: Store, steps: ToolSteps, redis: Redis
) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    before: Any = await redis.hgetall(KEYS.tool_steps(C))
    await steps.add(claim, 1, HEARD)
    # The store goes back, and the attempt, which knows both steps, goes on.
    await redis.delete(KEYS.tool_steps(C))
    await redis.hset(KEYS.tool_steps(C), mapping=before)
    await steps.add(claim, 2, replace(SAID, text="third"))
    assert await steps.of(claim) == (SAID,)


async def test_a_step_takes_the_place_of_what_was_noted_there_and_behind_it(
    store: Store, steps: ToolSteps
) -> None:
    claim = await running(store)
    assert await steps.begin(claim, "k", "r") is Begun.NOW
    for number in range(4):
        await steps.add(claim, number, HEARD if number % 2 else SAID)
    another = replace(SAID, text="another")
    await steps.add(claim, 0, another)
    assert await steps.of(claim) == (another,)
    await steps.add(claim, 1, HEARD)
    assert await steps.of(claim) == (another, HEARD)
    assert await steps.begin(claim, "k", "another run") is Begun.BEFORE


async def test_the_next_attempt_has_the_steps_of_the_one_before(
    store: Store, steps: ToolSteps, redis: Redis
) -> None:
    await steps.add(await running(store), 0, SAID)
    await expire_lease(redis)
    claim = await claimed(store, "another")
    await steps.add(claim, 1, HEARD)
    assert await steps.of(claim) == (SAID, HEARD)


async def test_who_has_lost_the_lease_notes_nothing(store: Store, steps: ToolSteps, redis: Redis) -> None:
    lost = await running(store)
    await steps.begin(lost, "k", "r")
    await expire_lease(redis)
    claim = await claimed(store, "another")
    with pytest.raises(Fenced):
        await steps.add(lost, 0, SAID)
    with pytest.raises(Fenced):
        await steps.begin(lost, "another", "r")
    with pytest.raises(Fenced):
        await steps.end(lost, "k", OUTCOME)
    assert await steps.of(claim) == ()
    assert await steps.effect(claim, "k") is Begun.BEFORE
    assert await steps.effect(claim, "another") is None


async def test_nothing_is_noted_for_a_turn_whose_result_is_fixed(store: Store, steps: ToolSteps) -> None:
    claim = await running(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    with pytest.raises(Fenced):
        await steps.add(claim, 0, SAID)
    assert await steps.of(claim) == ()


async def test_no_message_joins_a_turn_whose_tools_have_begun(store: Store, steps: ToolSteps) -> None:
    claim = await running(store)
    await receive(store, TWO)
    joined = await store.journal.join(claim)
    assert joined is not None
    claim = changed(claim, members=joined[0], messages=joined[1])
    await steps.add(claim, 0, SAID)
    await receive(store, THREE)
    assert await store.journal.join(claim) is None


async def test_steps_from_before_a_message_joined_are_left_out_and_effects_are_not_forgotten(
    store: Store, steps: ToolSteps
) -> None:
    claim = await running(store)
    await receive(store, TWO)
    joined = await store.journal.join(claim)
    assert joined is not None
    # A step that was on its way while the message joined.
    await steps.add(claim, 0, SAID)
    assert await steps.begin(claim, "k", "first run") is Begun.NOW
    grown = changed(claim, members=joined[0], messages=joined[1])
    assert await steps.of(grown) == ()
    assert await steps.begin(grown, "k", "second run") is Begun.BEFORE


async def test_an_effect_is_begun_once_and_ends_once(store: Store, steps: ToolSteps, redis: Redis) -> None:
    claim = await running(store)
    assert await steps.effect(claim, "k") is None
    assert await steps.begin(claim, "k", "r") is Begun.NOW
    assert await steps.begin(claim, "k", "r") is Begun.NOW  # after a lost answer
    await expire_lease(redis)
    later = await claimed(store, "another")
    assert await steps.begin(later, "k", "r") is Begun.BEFORE
    await steps.end(later, "k", OUTCOME)
    await steps.end(later, "k", OUTCOME)
    assert await steps.begin(later, "k", "r") == OUTCOME
    assert await steps.effect(later, "k") == OUTCOME
    assert await steps.effect(later, "another") is None


async def test_effects_are_no_steps(store: Store, steps: ToolSteps) -> None:
    claim = await running(store)
    await steps.begin(claim, "k", "r")
    await steps.end(claim, "k", OUTCOME)
    assert await steps.of(claim) == ()


async def test_a_regeneration_has_steps_and_effects_of_its_own(
    store: Store, steps: ToolSteps, redis: Redis
) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    await steps.begin(claim, "k", "r")
    kept: Any = await redis.hgetall(KEYS.tool_steps(C))
    await end(store, claim)
    assert not await redis.exists(KEYS.tool_steps(C))
    await redis.hset(KEYS.tool_steps(C), mapping=kept)  # as a late call of a fenced worker could not
    control = TurnControl(redis, KEYS, ttl_s=TTL_S)
    assert await control.regenerate(C, claim.turn_id, "wish") is RegenerateResult.OK
    again = await claimed(store)
    assert again.attempt.regeneration
    assert await steps.of(again) == ()
    assert await steps.begin(again, "k", "r") is Begun.NOW


@pytest.mark.parametrize("how", ["acknowledge", "cancel"])
async def test_the_steps_go_when_the_turn_ends(
    store: Store, steps: ToolSteps, redis: Redis, how: str
) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    assert 0 < await redis.ttl(KEYS.tool_steps(C)) <= TOOL_STEPS_S
    if how == "acknowledge":
        await end(store, claim)
    else:
        await store.journal.cancel(claim)
    assert not await redis.exists(KEYS.tool_steps(C))


@pytest.mark.parametrize("stored", ["nonsense", '{"message": {"role": "assistant"}}', "{}"])
async def test_what_this_version_cannot_read_is_told_without_its_text(
    store: Store, steps: ToolSteps, redis: Redis, stored: str
) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    await steps.begin(claim, "k", "r")
    for field in await redis.hkeys(KEYS.tool_steps(C)):
        await redis.hset(KEYS.tool_steps(C), field, stored)
    with pytest.raises(Unreadable) as error:
        await steps.of(claim)
    assert (
        stored
        not in f"{error.value!r} {error.value.__context__ if not error.value.__suppress_context__ else ''}"
    )
    with pytest.raises(Unreadable):
        await steps.effect(claim, "k")
    with pytest.raises(Unreadable):
        await steps.begin(claim, "k", "r")


async def test_messages_of_other_turns_are_not_touched(store: Store, steps: ToolSteps) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    await end(store, claim)
    await receive(store, message("four", number=40))
    assert await steps.of(await claimed(store)) == ()


async def test_a_turn_whose_tools_have_begun_can_wait_for_a_limit_and_keeps_its_steps(
    store: Store, steps: ToolSteps
) -> None:
    claim = await running(store)
    await steps.add(claim, 0, SAID)
    await store.journal.hold_back(claim, 0.0, claim.batch.members, joins=True)
    await store.journal.release(claim, blameless=True)
    assert await steps.of(await claimed(store, "another")) == (SAID,)
