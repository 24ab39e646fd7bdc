"""Which channels a sweep requests one by one, and which it leaves to the next sweep."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.catchup import Catchup
from bot.gateway.catchup.channels import ListableChannel
from bot.gateway.catchup.sweep import FAILURES_IN_A_ROW, REQUESTS_MAX, Sweep
from bot.store.known_conversations import Known
from tests.gateway.catchup.test_catchup import Store


class Knowing(Store):
    """A store that knows many DM channels, all of them listed up to the same mark."""

    def __init__(self, known: int) -> None:
        super().__init__()
        self.all = tuple(range(1, known + 1))
        self.noted = asyncio.Event()

    async def prune(self, _now_ms: int) -> None:
        """Nothing is old."""

    async def pages(self) -> AsyncIterator[list[Known]]:
        for start in range(0, len(self.all), 100):
            yield [Known(each, -each, None, None) for each in self.all[start : start + 100]]

    async def marks(self, places: Sequence[int]) -> tuple[int, ...]:
        return (9,) * len(places)

    async def archives_listed(self) -> int:
        return 0

    async def note_archives_listed(self, _until_ms: int) -> None:
        self.noted.set()


class Requested:
    """Channels without new messages; a request for a channel in `fail` fails so many times."""

    def __init__(self, fail: dict[int, int]) -> None:
        self.fail = fail
        self.requested: list[int] = []
        self.done = asyncio.Event()
        self.enough = 0

    async def get(self, channel: int) -> ListableChannel:
        self.requested.append(channel)
        if len(self.requested) >= self.enough:
            self.done.set()
        if self.fail.get(channel):
            self.fail[channel] -= 1
            raise ConnectionResetError
        return ListableChannel(channel, 5)


def catching_up(store: Knowing, channels: Requested, *, every_s: float) -> Catchup:
    nobody, kept = cast("Any", None), cast("Any", store)
    client = cast("Any", SimpleNamespace(is_ready=lambda: True, guilds=[]))
    backlog = Backlog(nobody, kept)
    sweep = Sweep(client, cast("Any", channels), nobody, backlog, kept, kept, Clock(), nobody)
    return Catchup(
        client, kept, kept, sweep, backlog, instance="one", poll_s=0.001, every_s=every_s, clock=Clock()
    )


async def requested(store: Knowing, channels: Requested, count: int, *, every_s: float) -> list[int]:
    """Watch until so many channels were requested, and a moment longer; returns them."""
    channels.enough = count
    watching = asyncio.create_task(catching_up(store, channels, every_s=every_s).watch())
    async with asyncio.timeout(10):
        await channels.done.wait()
        await store.noted.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return channels.requested


async def test_channels_beyond_the_limit_of_a_sweep_are_requested_by_the_next_sweep_at_once() -> None:
    store = Knowing(2 * REQUESTS_MAX + 5)
    found = await requested(store, Requested({}), 2 * REQUESTS_MAX + 5, every_s=1000.0)
    assert found == list(store.all), "each once, those with the latest messages first"


async def test_a_channel_whose_request_failed_is_requested_by_the_next_sweep_behind_the_others() -> None:
    found = await requested(Knowing(3), Requested({1: 2}), 5, every_s=0.01)
    assert found == [1, 2, 3, 1, 1]


async def test_a_sweep_ends_after_several_failures_in_a_row() -> None:
    store, channels = Knowing(50), Requested(dict.fromkeys(range(1, 51), 1))
    channels.enough = FAILURES_IN_A_ROW
    watching = asyncio.create_task(catching_up(store, channels, every_s=1000.0).watch())
    await channels.done.wait()
    await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert len(channels.requested) == FAILURES_IN_A_ROW
