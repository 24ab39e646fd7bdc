"""Which channels' pins are known."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.conversation.message import first_id
from bot.gateway.events.pins import Pins


class Asked:
    """A store that knows no conversation; `asked` are the channels that were to be read."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[int] = asyncio.Queue()

    async def knows(self, channel: int) -> bool:
        self.asked.put_nowait(channel)
        return False


async def test_as_many_channels_are_known_as_there_is_room_and_another_is_read_again() -> None:
    store = Asked()
    pins = Pins(cast("Any", None), cast("Any", store), Clock(), capacity=2)
    for channel in (1, 2, 3):
        await pins.wait_until_read(channel)
        assert store.asked.get_nowait() == channel
    for channel in (2, 3, 1):
        await pins.wait_until_read(channel)
    assert store.asked.get_nowait() == 1
    assert store.asked.empty()


async def test_a_channel_of_this_session_is_read_once_it_is_not_known_any_more() -> None:
    store, now_s = Asked(), [0.0]
    clock = Clock(steady_s=lambda: now_s[0])
    pins = Pins(cast("Any", None), cast("Any", store), clock, capacity=1)
    now_s[0] += 1
    young = first_id(clock.now_ms())
    pins.read_if_unknown(young)
    assert store.asked.empty()
    now_s[0] += 1
    for channel in (1, young):
        await pins.wait_until_read(channel)
        assert store.asked.get_nowait() == channel
