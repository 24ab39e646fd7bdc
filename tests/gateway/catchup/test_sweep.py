"""What a sweep requests one by one, and what it leaves to the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.catchup.channels import ListableChannel
from bot.gateway.catchup.sweep import FAILURES_IN_A_ROW, REQUESTS_MAX, Sweep
from tests.gateway.catchup.test_catchup import Store


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

    async def archives_listed(self) -> int:
        return 0

    async def note_archives_listed(self, _until_ms: int) -> None:
        self.noted.set()


class Asked:
    """Tells that nothing new was said anywhere; the places to `fail` cannot be asked so often."""

    def __init__(self, fail: dict[int, int]) -> None:
        self.fail = fail
        self.asked: list[int] = []
        self.done = asyncio.Event()
        self.enough = 0

    async def get(self, channel: int) -> ListableChannel:
        self.asked.append(channel)
        if len(self.asked) >= self.enough:
            self.done.set()
        if self.fail.get(channel):
            self.fail[channel] -= 1
            raise ConnectionResetError
        return ListableChannel(channel, 5)


def asking(store: Known, channels: Asked, *, every_s: float) -> Catchup:
    nobody, kept = cast("Any", None), cast("Any", store)
    client = cast("Any", SimpleNamespace(is_ready=lambda: True, guilds=[]))
    sweep = Sweep(client, cast("Any", channels), nobody, kept, Clock())
    return Catchup(client, kept, kept, sweep, instance="one", poll_s=0.001, every_s=every_s, clock=Clock())


async def asked(store: Known, channels: Asked, count: int, *, every_s: float) -> list[int]:
    """Watch until so many places were asked, and a moment longer."""
    channels.enough = count
    watching = asyncio.create_task(asking(store, channels, every_s=every_s).watch())
    async with asyncio.timeout(10):
        await channels.done.wait()
        await store.noted.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return channels.asked


async def test_what_goes_beyond_the_bound_of_a_sweep_is_asked_for_by_the_next_one_at_once() -> None:
    store = Known(2 * REQUESTS_MAX + 5)
    found = await asked(store, Asked({}), 2 * REQUESTS_MAX + 5, every_s=1000.0)
    assert found == list(store.all), "each once, those with the latest messages first"


async def test_what_could_not_be_asked_is_asked_by_the_next_sweep_behind_the_others() -> None:
    found = await asked(Known(3), Asked({1: 2}), 5, every_s=0.01)
    assert found == [1, 2, 3, 1, 1]


async def test_a_discord_that_is_away_is_not_asked_for_everything() -> None:
    store, channels = Known(50), Asked(dict.fromkeys(range(1, 51), 1))
    channels.enough = FAILURES_IN_A_ROW
    watching = asyncio.create_task(asking(store, channels, every_s=1000.0).watch())
    await channels.done.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert len(channels.asked) == FAILURES_IN_A_ROW
