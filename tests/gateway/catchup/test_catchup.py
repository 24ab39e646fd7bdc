"""How far the next sweep goes, after one that failed or that something came in between of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.catchup import OVERLAP_S, Catchup
from bot.gateway.conversion.snowflake import id_before

AWAY_S = 0.1


class Store:
    """A store that keeps its records, and notes nothing of what it is told; it goes back when it is told to."""

    def __init__(self) -> None:
        self.went_back = False
        self.away = 0
        self.beats_s: list[float] = []

    async def since(self, now_ms: int) -> int:
        """When the bot began to listen."""
        return now_ms

    async def beat(self, *_beats: str) -> bool:
        """Whether the last beat is still there."""
        if self.away:
            self.away -= 1
            await asyncio.sleep(AWAY_S)
            raise StoreUnavailable("away")
        self.beats_s.append(time.time())
        kept, self.went_back = not self.went_back, False
        return kept


class Sweeps:
    """Notes what each sweep is asked for, and does in it what was ordered."""

    def __init__(self, *during: Callable[[Catchup], None]) -> None:
        self.unfinished = False
        self.during = list(during)
        self.catchup: Catchup | None = None
        self.asked: list[tuple[bool, int | None]] = []
        self.enough = asyncio.Event()

    async def run(self, recheck_from: int | None, *, full: bool) -> None:
        """Do nothing but what was ordered."""
        self.asked.append((full, recheck_from))
        if not self.during or self.catchup is None:
            self.enough.set()
            return
        self.during.pop(0)(self.catchup)


async def swept(store: Store, *during: Callable[[Catchup], None]) -> list[tuple[bool, int | None]]:
    """Watch until nothing more is ordered; returns of each sweep whether it was full, and from where it rechecks."""
    sweeps, kept = Sweeps(*during), cast("Any", store)
    client = cast("Any", SimpleNamespace(is_ready=lambda: True))
    catchup = sweeps.catchup = Catchup(
        client,
        kept,
        kept,
        cast("Any", sweeps),
        instance="one",
        poll_s=0.001,
        every_s=0.0,
        clock=Clock(),
    )
    watching = asyncio.create_task(catchup.watch())
    await sweeps.enough.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return sweeps.asked


def fail(_: Catchup) -> None:
    """Discord cannot be reached."""
    raise ConnectionResetError


def nothing(_: Catchup) -> None:
    """All is well."""


def request(catchup: Catchup) -> None:
    """The gateway session went on after a gap."""
    catchup.request()


async def test_only_the_first_sweep_asks_for_each_place_one_by_one() -> None:
    assert await swept(Store(), nothing) == [(True, None), (False, None)]


async def test_a_gap_during_a_sweep_has_the_next_one_ask_again() -> None:
    assert await swept(Store(), request) == [(True, None), (True, None)]


async def test_what_a_failed_sweep_was_to_do_is_for_the_next_one() -> None:
    store = Store()

    def go_back(_: Catchup) -> None:
        store.went_back = True

    before = id_before(OVERLAP_S, time.time())
    first, doubtful, again, after = await swept(store, go_back, fail, nothing)
    assert (first, after) == ((True, None), (False, None))
    assert again == doubtful
    assert doubtful[0]
    assert doubtful[1] is not None
    assert before <= doubtful[1] <= id_before(OVERLAP_S, time.time()), (
        "it does not become later by the failure"
    )


async def test_an_outage_leaves_in_doubt_what_was_listed_before_it_however_long_it_lasts() -> None:
    store = Store()

    def away(_: Catchup) -> None:
        store.away = 3

    _, _, (asking, doubt), *_ = await swept(store, nothing, away, nothing)
    assert asking
    assert doubt is not None
    assert id_before(OVERLAP_S, store.beats_s[1]) <= doubt < id_before(OVERLAP_S, store.beats_s[1] + AWAY_S)
