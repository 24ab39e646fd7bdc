"""Slots for calls to Discord, and the requests that go under them; in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from bot.render.pace import Kind, Pace
from tests.render.virtual_time import run

CHANNEL, OTHER = 1, 2
POSTS = 5
"""Posts and edits that Discord allows in a channel in five seconds."""


async def posts(pace: Pace, number: int = POSTS, channel: int = CHANNEL) -> None:
    """Make requests that are answered at once."""
    for _ in range(number):
        pace.answered(await pace.request(channel, Kind.PART))


def now() -> float:
    return asyncio.get_running_loop().time()


async def timed(step: Coroutine[Any, Any, Any]) -> float:
    """The seconds that a step takes."""
    began = now()
    await step
    return now() - began


def test_a_request_beyond_the_limit_of_its_channel_waits_and_other_channels_do_not() -> None:
    async def main() -> tuple[float, float, float]:
        pace = Pace()
        first = await timed(posts(pace))
        return first, await timed(posts(pace, 1, OTHER)), await timed(posts(pace, 1))

    first, other, sixth = run(main())
    assert (first, other) == (0, 0)
    assert 5 <= sixth < 6


def test_the_first_request_under_a_slot_is_the_one_that_the_slot_was_for() -> None:
    async def main() -> list[float]:
        pace = Pace()
        waits = []
        for _ in range(POSTS):
            async with pace.waited(CHANNEL, Kind.PART):
                waits.append(await timed(posts(pace, 1)))
        return waits

    # A slot that counted beside its request would leave room for two of them.
    assert run(main()) == [0] * POSTS


def test_a_further_request_under_a_slot_takes_a_slot_of_its_own() -> None:
    async def main() -> float:
        pace = Pace()
        async with pace.waited(CHANNEL, Kind.PART):
            await posts(pace)
            return await timed(posts(pace, 1))

    assert run(main()) >= 5


def test_whoever_leaves_the_queue_takes_no_slot() -> None:
    async def main() -> tuple[float, bool]:
        pace = Pace()
        await posts(pace)
        given_up = asyncio.create_task(pace.request(CHANNEL, Kind.PART))
        await asyncio.sleep(1)
        given_up.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await given_up
        waited = await timed(posts(pace))
        return waited, given_up.cancelled()

    waited, cancelled = run(main())
    assert cancelled
    assert waited < 5  # all five go as soon as the first five have left the window


def test_a_slot_that_a_call_holds_ends_with_the_call_and_not_before() -> None:
    async def main() -> tuple[float, float]:
        pace = Pace()
        await posts(pace, POSTS - 1)
        call: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with pace.slot(CHANNEL, Kind.PART, lambda: None) as slot:
            assert slot.granted
            slot.hold_until(call)
        asyncio.get_running_loop().call_later(20, call.set_result, None)
        await asyncio.sleep(10)
        early = await timed(posts(pace, POSTS - 1))
        return early, await timed(posts(pace, 1))

    early, last = run(main())
    assert early == 0
    assert last >= 5


def test_an_optional_call_is_refused_only_while_another_waits() -> None:
    async def main() -> list[bool]:
        pace = Pace()
        went = []
        await posts(pace)
        waiting = asyncio.create_task(pace.request(CHANNEL, Kind.PART))
        await asyncio.sleep(1)
        for _ in range(2):
            with pace.try_slot(OTHER, Kind.TYPING) as goes:
                went.append(goes)
            pace.answered(await waiting)
        return went

    assert run(main()) == [False, True]


def test_the_streams_are_those_that_are_being_written() -> None:
    pace = Pace()
    with pace.streaming(), pace.streaming():
        assert pace.streams == 2
    assert pace.streams == 0
