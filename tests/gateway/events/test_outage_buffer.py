"""What an event waits for while the store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.conversation.errors import StoreUnavailable
from bot.gateway.events.outage_buffer import OutageBuffer


class Store:
    """Takes what it is given once it is `back`, and counts how often it was asked."""

    def __init__(self) -> None:
        self.back = False
        self.taken: list[int] = []
        self.asked = 0
        self.probed = 0
        self.at_once = 0
        self.most_at_once = 0

    async def probe(self) -> None:
        self.probed += 1
        if not self.back:
            raise StoreUnavailable("away")

    async def take(self, number: int) -> int:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if not self.back:
            raise StoreUnavailable("away")
        self.taken.append(number)
        return number


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - anything may make it true
        await asyncio.sleep(0.001)


async def test_what_was_held_is_taken_although_it_was_told_that_it_takes_long() -> None:
    store, outage_buffer, told = Store(), OutageBuffer(notify_after_s=0.01, retry_s=0.001), asyncio.Event()

    async def late() -> None:
        told.set()

    held = asyncio.create_task(outage_buffer.run(lambda: store.take(1), on_late=late))
    await told.wait()
    assert not held.done()
    store.back = True
    assert await held == 1


async def test_nobody_is_told_of_a_short_absence() -> None:
    store, outage_buffer, told = Store(), OutageBuffer(notify_after_s=0.02, retry_s=0.001), asyncio.Event()

    async def late() -> None:
        told.set()

    held = asyncio.create_task(outage_buffer.run(lambda: store.take(1), on_late=late))
    await asyncio.sleep(0)
    store.back = True
    await held
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(told.wait(), 0.05)


async def test_many_that_wait_are_taken_one_after_the_other_in_their_order() -> None:
    store = Store()
    outage_buffer = OutageBuffer(store.probe, retry_s=0.001)
    held = [asyncio.create_task(outage_buffer.run(lambda n=n: store.take(n))) for n in range(50)]  # type: ignore[misc]
    await until(lambda: store.probed > 3)
    assert store.asked == 50, "each once, when it came"
    store.most_at_once = 0
    store.back = True
    await asyncio.gather(*held)
    assert store.taken == list(range(50))
    assert store.most_at_once == 1


async def test_what_comes_when_the_store_is_back_does_not_overtake_what_was_held() -> None:
    store = Store()
    outage_buffer = OutageBuffer(store.probe, retry_s=0.01)
    held = asyncio.create_task(outage_buffer.run(lambda: store.take(1)))
    await until(lambda: store.probed)
    store.back = True
    await asyncio.gather(held, outage_buffer.run(lambda: store.take(2)))
    assert store.taken == [1, 2]


async def test_an_outage_lasts_until_all_that_was_held_is_taken() -> None:
    store = Store()
    outage_buffer = OutageBuffer(store.probe, retry_s=0.001)
    holding: list[bool] = []

    async def hold(number: int) -> None:
        await outage_buffer.run(lambda: store.take(number))
        holding.append(outage_buffer.is_holding)

    held = [asyncio.create_task(hold(number)) for number in range(3)]
    await until(lambda: store.probed)
    store.back = True
    await asyncio.gather(*held)
    assert holding == [True, True, False]


async def test_what_fails_although_the_store_is_there_holds_up_nobody() -> None:
    store = Store()
    store.back = True
    outage_buffer = OutageBuffer(store.probe, retry_s=0.001)

    failed = asyncio.Event()

    async def never() -> None:
        failed.set()
        raise StoreUnavailable("odd")

    odd = asyncio.create_task(outage_buffer.run(never))
    await failed.wait()
    store.back = False
    held = asyncio.create_task(outage_buffer.run(lambda: store.take(1)))
    await until(lambda: store.asked)
    store.back = True
    assert await held == 1
    odd.cancel()


async def test_what_goes_beyond_the_bound_is_not_held() -> None:
    store, outage_buffer = Store(), OutageBuffer(retry_s=0.001, capacity=1)
    first = asyncio.create_task(outage_buffer.run(lambda: store.take(1)))
    await until(lambda: store.asked)
    with pytest.raises(StoreUnavailable):
        await outage_buffer.run(lambda: store.take(2))
    store.back = True
    assert await first == 1
    assert await outage_buffer.run(lambda: store.take(3)) == 3
