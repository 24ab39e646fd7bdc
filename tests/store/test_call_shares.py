"""The processes of a bot divide the calls that Discord allows it."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.store import call_shares
from bot.store.call_shares import CallShares
from bot.store.keys import Keys
from tests.patience import idle_timeout

KEYS = Keys("test")
TOTAL = 48


class Process:
    """Keeps to the protocol: it begins calls up to its share, and asks with what it holds."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._shares = CallShares(redis, KEYS, instance=name)
        self.calls = 0
        self.occupied = 0
        self.processes = 0

    async def renew(self, wanted: int = 0, *, idle: bool = False) -> int:
        """Ask for a share, and return the share."""
        share = await self._shares.renew(
            total=TOTAL,
            held=self.calls,
            occupied=self.occupied,
            wanted=max(wanted, self.occupied),
            idle=idle and not self.occupied,
        )
        self.calls, self.processes = share.calls, share.processes
        return self.calls

    async def leave(self) -> None:
        """Give the share back."""
        await self._shares.leave()


async def test_a_process_alone_leaves_half_to_those_who_may_come_and_has_all_if_it_wants(
    redis: Redis,
) -> None:
    alone = Process(redis, "one")
    assert await alone.renew() == TOTAL // 2
    assert await alone.renew(wanted=10) == TOTAL // 2 + 10
    assert await alone.renew(wanted=100) == TOTAL
    assert alone.processes == 1


async def test_no_process_gets_what_another_holds(redis: Redis) -> None:
    one, other = Process(redis, "one"), Process(redis, "other")
    await one.renew(wanted=TOTAL)
    assert await other.renew(wanted=TOTAL) == 0
    assert other.processes == 2


async def test_a_share_goes_to_others_once_its_process_says_that_it_holds_less(redis: Redis) -> None:
    one, other = Process(redis, "one"), Process(redis, "other")
    await one.renew(wanted=TOTAL)
    await other.renew(wanted=TOTAL)
    assert await one.renew(wanted=TOTAL) == TOTAL // 2
    assert await other.renew(wanted=TOTAL) == 0, "until it knows, it may begin calls within its old share"
    one.occupied = TOTAL - 10
    await one.renew(wanted=TOTAL)
    assert await other.renew(wanted=TOTAL) == 10
    one.occupied = 0
    await one.renew(wanted=TOTAL)
    assert await other.renew(wanted=TOTAL) == TOTAL // 2


async def test_who_wants_little_leaves_the_rest_to_who_wants_much(redis: Redis) -> None:
    processes = [Process(redis, str(number)) for number in range(4)]
    wants = (0, 0, 4, 100)
    for _ in range(3):
        for process, wanted in zip(processes, wants, strict=True):
            await process.renew(wanted)
    assert [process.calls for process in processes] == [6, 6, 10, 26]


async def test_equal_wants_get_equal_shares(redis: Redis) -> None:
    processes = [Process(redis, str(number)) for number in range(5)]
    for _ in range(4):
        for process in processes:
            await process.renew(wanted=TOTAL)
    assert [process.calls for process in processes] == [TOTAL // 5] * 5


async def test_a_process_that_makes_no_calls_keeps_one_and_the_others_leave_room_for_its_next(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_shares, "CALL_SHARE_S", 0.1)
    idle, gone, busy = (Process(redis, name) for name in ("idle", "gone", "busy"))
    assert await idle.renew(idle=True) == 1
    await gone.renew(wanted=TOTAL)
    await asyncio.sleep(0.2)
    assert await busy.renew(wanted=TOTAL) == TOTAL - TOTAL // 4
    assert busy.processes == 2
    assert await idle.renew(wanted=TOTAL) == TOTAL // 4


async def test_the_share_of_a_process_that_is_gone_is_free_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_shares, "CALL_SHARE_S", 0.2)
    gone, other = Process(redis, "gone"), Process(redis, "other")
    await gone.renew(wanted=TOTAL)
    assert await other.renew(wanted=TOTAL) == 0
    await asyncio.sleep(0.3)
    assert await other.renew(wanted=TOTAL) == TOTAL


async def test_a_process_that_leaves_gives_its_share_back_when_its_last_calls_count_no_more(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_shares, "LAST_CALLS_MS", 200)
    leaving, other = Process(redis, "leaving"), Process(redis, "other")
    await leaving.renew(wanted=TOTAL)
    await leaving.leave()
    assert await other.renew(wanted=TOTAL) == 0
    await asyncio.sleep(0.3)
    assert await other.renew(wanted=TOTAL) == TOTAL


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_the_processes_want_they_never_hold_more_than_there_is(
    redis: Redis, seed: int
) -> None:
    chance = random.Random(seed)
    processes = [Process(redis, str(number)) for number in range(6)]
    for _ in range(300):
        process = chance.choice(processes)
        # Between two renewals calls begin, up to the share, and end.
        process.occupied = chance.randint(0, max(process.calls, process.occupied))
        wanted = chance.choice((0, 5, 20, 100))
        await process.renew(wanted, idle=wanted == 0 and chance.random() < 0.5)
        assert sum(max(each.calls, each.occupied) for each in processes) <= TOTAL


async def test_after_the_shares_were_lost_nobody_gets_what_another_still_holds(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_shares, "CALL_SHARE_S", 0.3)
    processes = [Process(redis, str(number)) for number in range(4)]
    for _ in range(4):
        for process in processes:
            await process.renew(wanted=TOTAL)
    await redis.delete(KEYS.call_shares)
    one, *others = processes
    for _ in range(3):
        await one.renew(wanted=TOTAL)
        assert sum(each.calls for each in processes) <= TOTAL
    for process in others:
        await process.renew()
    newcomer = Process(redis, "newcomer")
    assert await newcomer.renew(wanted=TOTAL) <= 1
    async with idle_timeout(30):
        while one.calls <= TOTAL // 2:  # the shares are divided by need again
            for process in processes:
                await process.renew(wanted=TOTAL if process is one else 0)
            await asyncio.sleep(0.02)


async def test_a_share_that_is_given_back_as_it_expires_is_not_kept_for_ever(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, hget = Process(redis, "one"), redis.hget
    await process.renew()

    async def and_it_expires(name: str, key: str) -> Any:
        found = await hget(name, key)
        await redis.delete(name)
        return found

    monkeypatch.setattr(redis, "hget", and_it_expires)
    await process.leave()
    assert await redis.ttl(KEYS.call_shares) > 0
