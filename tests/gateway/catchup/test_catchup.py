"""How far the next sweep goes after a failure, a gap in the session or a rollback of the store."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.catchup import OVERLAP_S, Catchup
from bot.gateway.conversion.snowflake import id_before

AWAY_S = 0.1


class Store:
    """A store that is unavailable `away` times, and has lost its last heartbeat if it `went_back`."""

    def __init__(self) -> None:
        self.went_back = False
        self.away = 0
        self.beats_s: list[float] = []
        self.since_ms: list[int] = []

    async def since(self, now_ms: int) -> int:
        """When the bot began to listen."""
        self.since_ms.append(now_ms)
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
    """Records the arguments of each sweep, and calls the next function of `during` in it."""

    def __init__(self, *during: Callable[[Catchup], None]) -> None:
        self.unfinished = False
        self.during = list(during)
        self.catchup: Catchup | None = None
        self.asked: list[tuple[bool, int | None]] = []
        self.enough = asyncio.Event()

    async def run(self, recheck_from: int | None, *, full: bool) -> None:
        """Call the next function."""
        self.asked.append((full, recheck_from))
        if not self.during or self.catchup is None:
            self.enough.set()
            return
        self.during.pop(0)(self.catchup)


async def swept(
    store: Store,
    *during: Callable[[Catchup], None],
    caught_up: Callable[[], None] = lambda: None,
    clock: Clock | None = None,
) -> list[tuple[bool, int | None]]:
    """Watch until a sweep after the last function of `during`; returns `full` and `recheck_from` of each sweep."""
    sweeps, kept = Sweeps(*during), cast("Any", store)
    client = cast("Any", SimpleNamespace(is_ready=lambda: True))
    catchup = sweeps.catchup = Catchup(
        client,
        kept,
        kept,
        cast("Any", sweeps),
        Backlog(cast("Any", None), kept),
        instance="one",
        poll_s=0.001,
        every_s=0.0,
        clock=clock or Clock(),
        caught_up=caught_up,
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


async def test_only_the_first_sweep_is_full() -> None:
    assert await swept(Store(), nothing) == [(True, None), (False, None)]


async def test_only_the_first_look_counts_from_the_start_of_the_process() -> None:
    store, before_ms = Store(), round(time.time() * 1000)
    await swept(store, nothing, nothing, clock=Clock(began_s=time.monotonic() - 1000))
    first_ms, *others_ms = store.since_ms
    assert first_ms < before_ms - 990_000
    assert others_ms
    assert min(others_ms) >= before_ms - 1


async def test_a_gap_during_a_sweep_makes_the_next_sweep_full() -> None:
    assert await swept(Store(), request) == [(True, None), (True, None)]


async def test_the_next_sweep_does_what_a_failed_sweep_was_to_do() -> None:
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


async def test_after_an_outage_of_any_length_messages_from_just_before_it_are_listed_again() -> None:
    store = Store()

    def away(_: Catchup) -> None:
        store.away = 3

    _, _, (asking, doubt), *_ = await swept(store, nothing, away, nothing)
    assert asking
    assert doubt is not None
    assert id_before(OVERLAP_S, store.beats_s[1]) <= doubt < id_before(OVERLAP_S, store.beats_s[1] + AWAY_S)


async def test_it_has_caught_up_after_a_sweep_during_which_nothing_was_requested_and_nothing_failed() -> None:
    seen: list[str] = []

    def note(what: str, then: Callable[[Catchup], None]) -> Callable[[Catchup], None]:
        def during(catchup: Catchup) -> None:
            seen.append(what)
            then(catchup)

        return during

    steps = (note("gap", request), note("failed", fail), note("well", nothing))
    await swept(Store(), *steps, caught_up=lambda: seen.append("caught up"))
    assert seen[:4] == ["gap", "failed", "well", "caught up"]
