"""The slots of turns: who waits, who is told, and what becomes of a slot whose turn leaves."""

from __future__ import annotations

import asyncio

import pytest

from bot.turns import turn_slots
from bot.turns.dispatch import no_server
from tests.patience import idle_timeout


async def test_a_slot_that_is_granted_to_who_has_left_goes_to_the_next() -> None:
    async def no_tell(_conversation: int, _before: int) -> None:
        raise AssertionError

    slots = turn_slots.TurnSlots(1, no_server, no_tell)

    async def hold(conversation: int) -> None:
        async with slots.slot(conversation):
            held.append(conversation)

    held: list[int] = []
    async with slots.slot(1):
        waiting = [asyncio.create_task(hold(number)) for number in (2, 3)]
        for _ in range(10):
            await asyncio.sleep(0)
        assert slots.are_wanted
    waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert held == [3]
    assert not slots.are_wanted


async def test_a_notice_that_is_being_posted_is_posted_to_its_end_before_the_turn_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turn_slots, "TELL_AFTER_S", 0.0)
    begun, posted, done = asyncio.Event(), asyncio.Event(), list[int]()

    async def tell(conversation: int, _before: int) -> None:
        begun.set()
        await posted.wait()
        done.append(conversation)

    slots = turn_slots.TurnSlots(1, no_server, tell)

    async def turn() -> list[int]:
        async with slots.slot(2):
            return list(done)

    async with idle_timeout(30):
        async with slots.slot(1):
            waiting = asyncio.create_task(turn())
            await begun.wait()
        await asyncio.sleep(0)
        assert not waiting.done()
        posted.set()
        assert await waiting == [2]


def slot_with_a_notice_that_never_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[turn_slots.TurnSlots, asyncio.Event]:
    """Return one slot, and an event that is set while somebody who waits is being told."""
    monkeypatch.setattr(turn_slots, "TELL_AFTER_S", 0.0)
    begun = asyncio.Event()

    async def tell(_conversation: int, _before: int) -> None:
        begun.set()
        await asyncio.Event().wait()

    return turn_slots.TurnSlots(1, no_server, tell), begun


async def test_who_waits_and_leaves_is_told_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    slots, begun = slot_with_a_notice_that_never_ends(monkeypatch)

    async def turn() -> None:
        async with slots.slot(2):
            pass

    async with idle_timeout(30), slots.slot(1):
        waiting = asyncio.create_task(turn())
        await begun.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
    assert not slots.are_wanted


async def test_who_leaves_while_the_notice_is_posted_gives_the_granted_slot_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slots, begun = slot_with_a_notice_that_never_ends(monkeypatch)

    async def turn() -> None:
        async with slots.slot(2):
            raise AssertionError

    async with idle_timeout(30):
        async with slots.slot(1):
            waiting = asyncio.create_task(turn())
            await begun.wait()
        for _ in range(5):
            await asyncio.sleep(0)
        assert slots.are_wanted  # granted, while the notice is being posted
        waiting.cancel()
        await asyncio.wait({waiting})
    assert waiting.cancelled()
    assert not slots.are_wanted
