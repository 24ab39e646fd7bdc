"""How far the next sweep goes, after one that failed or that something came in between of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.gateway.catchup.catchup import ASKED_AT_MOST, FAILURES_IN_A_ROW, OVERLAP_S, Catchup
from bot.gateway.catchup.listing import id_before
from bot.gateway.catchup.places import Place
from tests.patience import idle_timeout

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


class Sweeping(Catchup):
    """Notes how far each sweep goes, and does in it what was ordered."""

    def __init__(self, store: Store, *during: Callable[[Sweeping], None]) -> None:
        nobody = cast("Any", None)
        client = cast("Any", SimpleNamespace(is_ready=lambda: True))
        kept = cast("Any", store)
        super().__init__(
            client,
            kept,
            kept,
            nobody,
            nobody,
            nobody,
            instance="one",
            max_age_s=1.0,
            max_messages=1,
            poll_s=0.001,
            every_s=0.0,
            clock=Clock(),
        )
        self.during = list(during)
        self.sweeps: list[tuple[bool, int | None]] = []
        self.enough = asyncio.Event()

    async def _sweep(self, doubt: int | None, asking: bool) -> None:
        self.sweeps.append((asking, doubt))
        if not self.during:
            self.enough.set()
            return
        self.during.pop(0)(self)


async def swept(catchup: Sweeping) -> list[tuple[bool, int | None]]:
    """Watch until there is nothing more to do in a sweep, and return whether each asked, and from where it doubts."""
    watching = asyncio.create_task(catchup.watch())
    await catchup.enough.wait()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return catchup.sweeps


def fail(_: Sweeping) -> None:
    """Discord cannot be reached."""
    raise ConnectionResetError


def nothing(_: Sweeping) -> None:
    """All is well."""


def want(catchup: Sweeping) -> None:
    """The gateway session went on after a gap."""
    catchup.want()


async def test_only_the_first_sweep_asks_for_each_place_one_by_one() -> None:
    assert await swept(Sweeping(Store(), nothing)) == [(True, None), (False, None)]


async def test_a_gap_during_a_sweep_has_the_next_one_ask_again() -> None:
    assert await swept(Sweeping(Store(), want)) == [(True, None), (True, None)]


async def test_what_a_failed_sweep_was_to_do_is_for_the_next_one() -> None:
    store = Store()

    def go_back(_: Sweeping) -> None:
        store.went_back = True

    before = id_before(OVERLAP_S, time.time())
    first, doubtful, again, after = await swept(Sweeping(store, go_back, fail, nothing))
    assert (first, after) == ((True, None), (False, None))
    assert again == doubtful
    assert doubtful[0]
    assert doubtful[1] is not None
    assert before <= doubtful[1] <= id_before(OVERLAP_S, time.time()), (
        "it does not become later by the failure"
    )


async def test_an_outage_leaves_in_doubt_what_was_listed_before_it_however_long_it_lasts() -> None:
    store = Store()

    def away(_: Sweeping) -> None:
        store.away = 3

    _, _, (asking, doubt), *_ = await swept(Sweeping(store, nothing, away, nothing))
    assert asking
    assert doubt is not None
    assert id_before(OVERLAP_S, store.beats_s[1]) <= doubt < id_before(OVERLAP_S, store.beats_s[1] + AWAY_S)


class Known(Store):
    """A store that knows of many direct messages, none of which were ever listed."""

    def __init__(self, known: int) -> None:
        super().__init__()
        self.all = tuple(range(1, known + 1))
        self.noted = asyncio.Event()

    async def known(self, _now_ms: int) -> tuple[int, ...]:
        return self.all

    async def parents(self, conversations: Sequence[int]) -> tuple[None, ...]:
        return (None,) * len(conversations)

    async def marks(self, places: Sequence[int]) -> tuple[int, ...]:
        return (9,) * len(places)

    async def looked(self) -> int:
        return 0

    async def note_look(self, _until_ms: int) -> None:
        self.noted.set()


class Asked:
    """Tells that nothing new was said anywhere; the places to `fail` cannot be asked so often."""

    def __init__(self, fail: dict[int, int]) -> None:
        self.fail = fail
        self.asked: list[int] = []
        self.done = asyncio.Event()
        self.enough = 0

    async def ask(self, channel: int) -> Place:
        self.asked.append(channel)
        if len(self.asked) >= self.enough:
            self.done.set()
        if self.fail.get(channel):
            self.fail[channel] -= 1
            raise ConnectionResetError
        return Place(channel, 5)


def asking(store: Known, places: Asked, *, every_s: float) -> Catchup:
    nobody, kept = cast("Any", None), cast("Any", store)
    client = cast("Any", SimpleNamespace(is_ready=lambda: True, guilds=[]))
    catchup = Catchup(
        client,
        kept,
        kept,
        nobody,
        nobody,
        nobody,
        instance="one",
        max_age_s=1.0,
        max_messages=1,
        poll_s=0.001,
        every_s=every_s,
        clock=Clock(),
    )
    catchup._places = cast("Any", places)
    return catchup


async def asked(store: Known, places: Asked, count: int, *, every_s: float) -> list[int]:
    """Watch until so many places were asked, and a moment longer."""
    places.enough = count
    watching = asyncio.create_task(asking(store, places, every_s=every_s).watch())
    async with idle_timeout(10):
        await places.done.wait()
        await store.noted.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return places.asked


async def test_what_goes_beyond_the_bound_of_a_sweep_is_asked_for_by_the_next_one_at_once() -> None:
    store = Known(2 * ASKED_AT_MOST + 5)
    found = await asked(store, Asked({}), 2 * ASKED_AT_MOST + 5, every_s=1000.0)
    assert found == list(store.all), "each once, those with the latest messages first"


async def test_what_could_not_be_asked_is_asked_by_the_next_sweep_behind_the_others() -> None:
    found = await asked(Known(3), Asked({1: 2}), 5, every_s=0.01)
    assert found == [1, 2, 3, 1, 1]


async def test_a_discord_that_is_away_is_not_asked_for_everything() -> None:
    store, places = Known(50), Asked(dict.fromkeys(range(1, 51), 1))
    places.enough = FAILURES_IN_A_ROW
    watching = asyncio.create_task(asking(store, places, every_s=1000.0).watch())
    await places.done.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert len(places.asked) == FAILURES_IN_A_ROW
