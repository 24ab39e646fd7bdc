"""Calls that wait for a permission: cards, decisions, and the calls that run afterwards, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.conversation.approval import WAITS_S
from bot.conversation.approval_card import NOT_WAITING
from bot.conversation.audit import Actor
from bot.conversation.errors import DiscordUnavailable
from bot.conversation.scope import Scope
from bot.tools.gate import Allowed, Refused, Waiting
from bot.tools.tool import ToolContext, ToolFailed, ToolOutput
from bot.turns import approval_desk
from bot.turns.approval_runs import GONE, TOO_SLOW
from bot.turns.tool_result import BUG, MOST_CHARS
from tests.turns.desk_stage import (
    ASKER,
    CHANNEL,
    CONTEXT,
    ID,
    KEY,
    SERVER,
    THREAD,
    TURN,
    Bench,
    bench,
    eventually,
)

__all__ = ["bench"]


SECRET = "the words of a person"


@pytest.mark.parametrize(
    ("value", "asks", "verdict"),
    [
        ("", False, Allowed),
        ("", True, Waiting),
        ("on", True, Allowed),
        ("off", False, Refused),
        ("off", True, Refused),
        ("ask", False, Waiting),
    ],
)
async def test_the_settings_of_the_place_decide_and_else_the_tool(
    bench: Bench, value: str, verdict: type, *, asks: bool
) -> None:
    bench.settings = {"changes": True, "asks": asks}
    if value:
        await bench.choose(value)
    found = await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    assert isinstance(found, verdict)
    assert len(await bench.approvals.of(THREAD)) == (verdict is Waiting)


async def test_a_call_that_waits_is_one_call_however_often_it_is_asked_about(bench: Bench) -> None:
    first = await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"})
    assert await bench.another().gate(bench.tool, CONTEXT, {"door": "north"}) == first
    (found,) = await bench.approvals.of(THREAD)
    assert (found.id, found.asker, found.roles, found.state) == (ID, ASKER, (8,), "waiting")


async def test_a_call_that_is_allowed_runs_once_with_its_own_key_and_the_card_tells_it(bench: Bench) -> None:
    await bench.opened()
    assert (await bench.desk.allow(THREAD, ID, ASKER))[1]
    done = await bench.until("done")
    assert (bench.effect.made, done.outcome, done.by) == ([KEY], "done", ASKER)
    await eventually(lambda: "and done" in bench.cards()[0])
    assert next(iter(bench.outbox.controls.values())).buttons == ()


async def test_of_many_presses_on_two_instances_one_makes_the_call(bench: Bench) -> None:
    await bench.opened()
    desks = [bench.desk, bench.another()] * 5
    met = await asyncio.gather(*(desk.allow(THREAD, ID, 100 + at) for at, desk in enumerate(desks)))
    await bench.until("done")
    assert len(bench.effect.made) == 1
    assert [counts for _, counts in met].count(True) == 1
    assert all(each is not None and each.state in NOT_WAITING for each, _ in met)


async def test_of_many_presses_of_one_person_in_one_millisecond_one_makes_the_call(bench: Bench) -> None:
    await bench.opened()
    desks = [bench.desk, bench.another()] * 5
    # So that each has a connection, and none is first.
    await asyncio.gather(*(desk.find(THREAD, ID) for desk in desks))
    met = await asyncio.gather(*(desk.allow(THREAD, ID, ASKER) for desk in desks))
    await bench.until("done")
    assert [counts for _, counts in met].count(True) == 1
    assert len(bench.effect.made) == 1


async def test_a_press_that_comes_late_meets_the_call_as_it_is(bench: Bench) -> None:
    await bench.opened()
    assert (await bench.desk.refuse(THREAD, ID, 11, "too loud"))[1]
    met, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert met is not None
    assert not counts
    assert (met.state, met.by, met.reason, bench.effect.made) == ("refused", 11, "too loud", [])
    assert "too loud" in bench.cards()[0]
    assert await bench.desk.allow(THREAD, 99, ASKER) == (None, False)


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [
        (ToolFailed("nobody is there"), "nobody is there"),
        (ToolFailed(""), "The tool has failed."),
        (ValueError(SECRET), BUG),
        (asyncio.CancelledError(SECRET), BUG),
        (TimeoutError(), TOO_SLOW),
    ],
    ids=["failed", "blank", "broken", "cancelled", "slow"],
)
async def test_security_a_call_that_fails_says_so_and_tells_the_log_nothing_of_it(
    bench: Bench, fails: BaseException, outcome: str
) -> None:
    bench.effect.fails = fails
    await bench.opened()
    with capture_logs() as logs:
        await bench.desk.allow(THREAD, ID, ASKER)
        failed = await bench.until("failed")
    assert failed.outcome == outcome
    assert SECRET not in str(logs)


@pytest.mark.parametrize("output", [None, "text"])
async def test_a_tool_that_returns_no_output_has_failed(bench: Bench, output: Any) -> None:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> Any:
        return output

    bench.effect = run  # type: ignore[assignment]
    bench.desk = bench.another()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    assert (await bench.until("failed")).outcome == BUG


async def test_an_outcome_is_bounded(bench: Bench) -> None:
    async def run(_context: ToolContext, _arguments: Mapping[str, Any]) -> ToolOutput:
        return ToolOutput.of("x" * 10 * MOST_CHARS)

    bench.effect = run  # type: ignore[assignment]
    bench.desk = bench.another()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    assert len((await bench.until("done")).outcome) < MOST_CHARS + 100


async def test_a_call_whose_tool_is_gone_fails(bench: Bench) -> None:
    await bench.opened()
    await bench.another(without_tool=True).allow(THREAD, ID, ASKER)
    assert (await bench.until("failed")).outcome == GONE


async def test_a_call_that_nobody_decides_expires_and_the_card_says_so(bench: Bench) -> None:
    await bench.opened()
    bench.now_s[0] += WAITS_S - 1
    await bench.looked()
    assert (await bench.found()).state == "waiting"
    bench.now_s[0] += 1
    await bench.looked()
    assert (await bench.found()).state == "expired"
    assert "Nobody decided in time" in bench.cards()[0]
    assert bench.outbox.controls[min(bench.outbox.messages)].buttons == ()
    met, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert met is not None
    assert (met.state, counts) == ("expired", False)


async def test_a_card_that_cannot_be_written_now_does_not_keep_the_call_from_running(bench: Bench) -> None:
    await bench.opened()
    bench.outbox.failures.append(DiscordUnavailable("503"))
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.until("done")
    assert bench.effect.made == [KEY]


async def test_calls_of_other_conversations_are_left_alone(bench: Bench) -> None:
    await bench.opened()
    place = replace(CONTEXT.place, conversation=50)
    other = replace(CONTEXT, place=place, key="f" * 24, turn=60)
    await bench.desk.gate(bench.tool, other, {"door": "south"})
    await bench.desk.post_cards(THREAD, TURN)
    assert len(bench.cards()) == 1
    await bench.desk.post_cards(50, 60)
    assert len(bench.cards()) == 2


async def test_turns_that_never_show_their_calls_do_not_pile_up_and_the_latest_get_their_cards(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_desk, "TURNS_MAX", 3)
    for turn in range(10):
        later = replace(CONTEXT, turn=TURN + turn, key=f"{turn + 1:013x}{'0' * 11}")
        await bench.desk.gate(bench.tool, later, {"door": "north"})
    assert len(bench.desk._opened) == 3
    await bench.desk.post_cards(THREAD, TURN + 9)
    assert len(bench.cards()) == 1
    await bench.looked()
    assert len(bench.cards()) == 10


async def test_what_happens_to_a_call_is_reported(bench: Bench) -> None:
    await bench.opened()
    await bench.desk.allow(THREAD, ID, 9)
    await bench.until("done")
    await eventually(lambda: len(bench.events) >= 3)
    assert bench.events == ["opened", "allowed", "done"]


async def test_a_call_that_nobody_decides_is_reported_as_expired(bench: Bench) -> None:
    await bench.opened()
    bench.now_s[0] += WAITS_S + 1
    await bench.looked()
    assert bench.events == ["opened", "expired"]


@pytest.mark.parametrize(
    ("own", "others", "verdict"),
    [
        ("on", ("off",), Refused),
        ("off", ("on",), Refused),
        ("on", ("ask",), Waiting),
        ("ask", ("on",), Waiting),
        ("on", ("on",), Allowed),
        ("on", ("on", "off"), Refused),
    ],
)
async def test_security_nobody_gets_a_call_by_writing_beside_somebody_who_may_have_it(
    bench: Bench, own: str, others: tuple[str, ...], verdict: type
) -> None:
    actor = Actor(SERVER, ASKER, 1)
    roles = {"on": 81, "ask": 82, "off": 83}
    set_for_roles = {f"tool:knock:role:{role}": value for value, role in roles.items()}
    await bench.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, set_for_roles)
    context = replace(
        CONTEXT,
        roles=frozenset({roles[own]}),
        others=tuple(frozenset({roles[other]}) for other in others),
    )
    assert isinstance(await bench.desk.gate(bench.tool, context, {"door": "north"}), verdict)


async def test_security_a_personal_tool_is_for_one_person(bench: Bench) -> None:
    bench.settings = {"changes": True, "personal": True}
    assert isinstance(await bench.desk.gate(bench.tool, CONTEXT, {"door": "north"}), Allowed)
    context = replace(CONTEXT, others=(frozenset(),))
    assert await bench.desk.gate(bench.tool, context, {"door": "north"}) == Refused(approval_desk.WHO)
