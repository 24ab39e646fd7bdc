"""How a process follows its share in the calls to Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bot.conversation.errors import StoreUnavailable
from bot.gateway.connection import shared_rate
from bot.gateway.connection.shared_rate import SharedRate
from bot.render.pace import Kind, Pace
from bot.render.schedule import TOTAL_MAX_PER_S
from bot.store.call_shares import CallShare
from tests.patience import idle_timeout


class Agreed:
    """Gives each renewal the next of the shares, the last one for ever; None is an outage."""

    def __init__(self, *shares: CallShare | None) -> None:
        self._shares = list(shares)
        self.asked: list[tuple[int, int, int]] = []
        self.idle: list[bool] = []
        self.has_left = False

    async def renew(self, *, total: int, held: int, occupied: int, wanted: int, idle: bool) -> CallShare:
        assert total == TOTAL_MAX_PER_S
        self.idle.append(idle)
        self.asked.append((held, occupied, wanted))
        share = self._shares.pop(0) if len(self._shares) > 1 else self._shares[0]
        if share is None:
            raise StoreUnavailable("away")
        return share

    async def leave(self) -> None:
        self.has_left = True


async def until(condition: Callable[[], object]) -> None:
    async with idle_timeout(30):
        while not condition():  # noqa: ASYNC110 - of many kinds
            await asyncio.sleep(0.005)


async def test_calls_wait_for_the_share_and_have_more_asked_for() -> None:
    pace, agreed = Pace(), Agreed(CallShare(1, 2), CallShare(3, 2))
    rate = SharedRate(pace, agreed)
    await rate.join()
    assert agreed.asked == [(0, 0, 0)]
    calls = [asyncio.create_task(pace.request(0, Kind.OTHER)) for _ in range(3)]
    await asyncio.gather(*calls)
    assert (1, 1, 3) in agreed.asked
    await rate.leave()
    assert agreed.has_left


async def test_what_is_given_back_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rate, "SHARED_S", 0.05)
    pace, agreed = Pace(), Agreed(CallShare(40, 2), CallShare(12, 2))
    rate = SharedRate(pace, agreed)
    await rate.join()
    await until(lambda: len(agreed.asked) >= 3)
    assert [held for held, _, _ in agreed.asked[:3]] == [0, 40, 12]
    await rate.leave()


async def test_a_process_that_makes_no_calls_asks_rarely_until_its_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_rate, "ALONE_S", 0.01)
    pace, agreed = Pace(), Agreed(CallShare(24, 1), CallShare(1, 1))
    rate = SharedRate(pace, agreed)
    await rate.join()
    await until(lambda: len(agreed.asked) == 3)  # what is given back is told at once
    assert agreed.idle == [False, True, True]
    await asyncio.sleep(10 * shared_rate.SHORT_S)
    assert len(agreed.asked) == 3
    call = await pace.request(0, Kind.OTHER)
    await until(lambda: len(agreed.asked) > 3)
    assert (agreed.asked[3], agreed.idle[3]) == ((1, 1, 1), False)
    pace.answered(call)
    await rate.leave()


async def test_after_a_quiet_time_without_redis_a_process_keeps_to_little_until_all_have_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_rate, "ALONE_S", 0.02)
    monkeypatch.setattr(shared_rate, "EQUAL_AFTER_S", 0.2)
    pace, agreed = Pace(), Agreed(CallShare(6, 4), CallShare(1, 4), CallShare(1, 4), None)
    rate = SharedRate(pace, agreed)
    await rate.join()
    await until(lambda: len(agreed.asked) == 3)
    limits: list[int] = []
    call = await pace.request(0, Kind.OTHER)
    await until(lambda: limits.append(pace.limit) or pace.limit == 12)  # type: ignore[func-returns-value]
    assert set(limits) == {1, 12}
    assert len(agreed.asked) > 4
    pace.answered(call)
    await rate.leave()


async def test_without_redis_a_process_keeps_to_an_equal_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_rate, "KEEPS_S", 0.05)
    monkeypatch.setattr(shared_rate, "EQUAL_AFTER_S", 0.2)
    monkeypatch.setattr(shared_rate, "SHARED_S", 0.02)
    for first, shares in ((CallShare(40, 4), [40, 12]), (CallShare(2, 4), [2, 12])):
        pace = Pace()
        rate = SharedRate(pace, Agreed(first, None))
        await rate.join()
        seen = [pace.limit]
        await until(lambda: pace.limit == 12)  # noqa: B023 - awaited here
        seen.append(pace.limit)
        assert seen == shares
        await rate.leave()


async def test_a_start_without_redis_leaves_the_refusal_to_the_check_of_the_start() -> None:
    pace = Pace()
    rate = SharedRate(pace, Agreed(None))
    await rate.join()
    assert pace.limit == TOTAL_MAX_PER_S
    await rate.leave()
