"""Runs of calls that were allowed: once, by one worker, and only while the call is still allowed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.conversation import approval
from bot.conversation.approval_card import WITHDRAWN, late_answer
from bot.conversation.audit import Actor
from bot.conversation.errors import DiscordUnavailable, StoreUnavailable
from bot.conversation.scope import Scope
from tests.store.stage import KEYS
from tests.turns.desk_stage import ASKER, CHANNEL, ID, KEY, SERVER, THREAD, Bench, bench

__all__ = ["bench"]


@pytest.mark.parametrize("repeats", [False, True])
async def test_a_call_whose_worker_is_gone_runs_again_only_if_it_repeats_safely(
    bench: Bench, *, repeats: bool
) -> None:
    bench.settings |= {"repeats": repeats}
    bench.desk = bench.another()
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))  # and killed
    await bench.looked(bench.another())
    assert (await bench.found()).state == "running"
    bench.now_s[0] += 1000
    await bench.looked(bench.another())
    if repeats:
        await bench.until("done")
        assert bench.effect.made == [KEY]
    else:
        found = await bench.found()
        assert (found.state, found.is_repeated, bench.effect.made) == ("waiting", True, [])
        assert "nobody knows whether it took effect" in bench.cards()[0]


async def test_a_worker_that_comes_back_late_does_not_change_what_was_decided_meanwhile(bench: Bench) -> None:
    bench.effect.gate = asyncio.Event()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.effect.begun.wait()
    bench.now_s[0] += 1000
    await bench.looked(bench.another())
    await bench.another().refuse(THREAD, ID, ASKER, "it was done")
    bench.effect.gate.set()
    async with asyncio.timeout(10):
        while bench.desk._runs.running:  # noqa: ASYNC110 - a task of the desk makes it true
            await asyncio.sleep(0.01)
    assert (await bench.found()).state == "refused"


async def test_a_call_that_is_allowed_is_looked_at_soon_even_if_the_store_goes_away_then(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.opened()
    change = bench.approvals.change

    async def lost(*arguments: Any) -> Any:
        await change(*arguments)
        raise StoreUnavailable("the answer was lost")

    monkeypatch.setattr(bench.approvals, "change", lost)
    with pytest.raises(StoreUnavailable):
        await bench.desk.allow(THREAD, ID, ASKER)
    assert (await bench.found()).state == "running"
    found: Any = await bench.redis.zrange(KEYS.approvals_due, 0, -1, withscores=True)
    ((_, due_ms),) = found
    now_s, _ = await bench.redis.time()
    assert due_ms / 1000 < now_s + 120


async def test_a_tool_that_was_switched_off_while_a_call_waited_does_not_run(bench: Bench) -> None:
    await bench.opened()
    await bench.choose("off")
    found, counts = await bench.desk.allow(THREAD, ID, ASKER)
    assert found is not None
    assert (found.state, counts, bench.effect.made) == ("withdrawn", False, [])
    assert late_answer(found) == WITHDRAWN["off"]
    assert WITHDRAWN["off"] in bench.cards()[0]
    assert next(iter(bench.outbox.controls.values())).buttons == ()


async def test_a_tool_that_is_switched_off_after_the_press_does_not_run_either(bench: Bench) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None
    await bench.choose("off")
    await bench.desk._runs.run(allowed)
    assert ((await bench.found()).state, bench.effect.made) == ("withdrawn", [])


async def test_a_tool_that_the_operator_forbids_while_a_call_waits_does_not_run(bench: Bench) -> None:
    await bench.opened()
    found, counts = await bench.another(never=("knock",)).allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["never"], False, [])


async def test_a_tool_that_is_on_nowhere_any_more_does_not_run(bench: Bench) -> None:
    async def is_offered(*_: object) -> bool:
        return False

    await bench.opened()
    found, counts = await bench.another(is_offered=is_offered).allow(THREAD, ID, ASKER)
    assert found is not None
    assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["off"], False, [])


@pytest.mark.parametrize("roles", [frozenset({8}), frozenset[int]()])
async def test_a_role_that_was_taken_away_while_a_call_waited_stops_the_call(
    bench: Bench, roles: frozenset[int]
) -> None:
    asked: list[tuple[int, int]] = []

    async def roles_of(server: int, person: int) -> frozenset[int]:
        asked.append((server, person))
        return roles

    actor = Actor(SERVER, ASKER, 1)
    values: dict[str, str | None] = {"tool:knock:role:8": "ask", f"tool:knock:role:{SERVER}": "off"}
    await bench.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, values)
    await bench.opened()
    found, counts = await bench.another(roles_of=roles_of).allow(THREAD, ID, ASKER)
    assert found is not None
    assert asked == [(SERVER, ASKER)]
    if roles:
        assert (counts, (await bench.until("done")).roles) == (True, (8,))
    else:
        assert (late_answer(found), counts, bench.effect.made) == (WITHDRAWN["off"], False, [])


async def test_roles_that_cannot_be_found_out_leave_the_call_waiting(bench: Bench) -> None:
    async def roles_of(_server: int, _person: int) -> frozenset[int]:
        raise DiscordUnavailable("503")

    actor = Actor(SERVER, ASKER, 1)
    await bench.scope_settings.change(actor, Scope.CHANNEL, CHANNEL, {"tool:knock:role:8": "ask"})
    await bench.opened()
    with pytest.raises(DiscordUnavailable):
        await bench.another(roles_of=roles_of).allow(THREAD, ID, ASKER)
    assert ((await bench.found()).state, bench.effect.made) == ("waiting", [])


async def test_a_worker_that_is_held_up_before_it_begins_a_call_does_not_make_it_beside_another(
    bench: Bench,
) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None  # and its worker is held up here
    bench.now_s[0] += 1000
    another = bench.another()
    await bench.looked(another)
    assert (await another.allow(THREAD, ID, ASKER))[1]
    await bench.until("done")
    await bench.desk._runs.run(allowed)
    assert bench.effect.made == [KEY]
    assert (await bench.found()).state == "done"


async def test_a_worker_that_is_held_up_right_behind_the_beginning_of_a_call_does_not_make_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.opened()
    now_ms = round(bench.now_s[0] * 1000)
    allowed, _ = await bench.approvals.change(THREAD, ID, lambda each: each.allowed(ASKER, now_ms))
    assert allowed is not None
    monkeypatch.setattr(approval, "INTERRUPTED_AFTER_S", 0.0)
    await bench.desk._runs.run(allowed)
    assert ((await bench.found()).state, bench.effect.made) == ("running", [])


async def test_a_worker_that_comes_back_late_ends_no_run_of_another(bench: Bench) -> None:
    bench.effect.gate = asyncio.Event()
    await bench.opened()
    await bench.desk.allow(THREAD, ID, ASKER)
    await bench.effect.begun.wait()
    bench.now_s[0] += 1000
    another = bench.another()
    await bench.looked(another)
    bench.effect.begun.clear()
    await another.allow(THREAD, ID, ASKER + 1)
    await bench.effect.begun.wait()
    for task in [*bench.desk._runs.running]:
        task.cancel()
    bench.effect.gate.set()
    assert (await bench.until("done")).by == ASKER + 1
