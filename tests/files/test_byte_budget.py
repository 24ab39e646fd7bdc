from __future__ import annotations

import asyncio

import pytest

from bot.files.byte_budget import ByteBudget


async def test_who_needs_more_than_is_free_waits_in_the_order_of_arrival() -> None:
    budget, began, release = ByteBudget(100), list[str](), asyncio.Event()

    async def hold(name: str, size: int) -> None:
        async with budget.reserve(size):
            began.append(name)
            await release.wait()

    async with asyncio.TaskGroup() as group:
        for name, size in (("first", 60), ("large", 90), ("small", 10)):
            group.create_task(hold(name, size))
        for _ in range(5):
            await asyncio.sleep(0)
        assert began == ["first"]
        release.set()
    assert began == ["first", "large", "small"]


async def test_more_than_the_total_waits_for_all_of_it_and_not_for_ever() -> None:
    budget = ByteBudget(100)
    async with budget.reserve(1000):
        pass
    async with budget.reserve(100):
        pass


async def test_who_gives_up_holds_nothing_back() -> None:
    budget = ByteBudget(100)
    async with budget.reserve(80):
        waiting = asyncio.create_task(budget.reserve(50).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with budget.reserve(20):
            pass
    async with budget.reserve(100):
        pass
