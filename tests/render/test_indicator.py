"""Discord's typing indicator; in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.render.indicator import AFTER_S, EVERY_S, RETRY_S, Indicator
from bot.render.pace import Kind, Pace
from tests.render.fake_outbox import FakeOutbox
from tests.render.virtual_time import run

CHANNEL = 1


async def typed(
    seconds: float, may_write: Callable[[], bool] = lambda: True, pace: Pace | None = None
) -> list[float]:
    """When typing was shown in so many seconds."""
    outbox = FakeOutbox()
    indicator = Indicator(outbox, CHANNEL, pace or Pace(), may_write)
    indicator.start()
    await asyncio.sleep(seconds)
    indicator.stop()
    indicator.stop()
    await asyncio.sleep(2 * EVERY_S)
    return [round(done.at, 6) for done in outbox.seen("typing")]


def test_typing_is_shown_until_it_is_stopped_and_before_discord_forgets_it() -> None:
    assert run(typed(20.0)) == [AFTER_S, AFTER_S + EVERY_S, AFTER_S + 2 * EVERY_S]


def test_a_reply_that_comes_at_once_needs_no_indicator() -> None:
    assert run(typed(AFTER_S / 2)) == []


def test_nothing_is_shown_while_the_lease_may_be_lost_and_soon_after_it_is_there_again() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        return await typed(6.0, may_write=lambda: loop.time() > 3)

    assert run(main()) == [AFTER_S + 3 * RETRY_S]


def test_an_indicator_that_has_no_room_is_tried_again_and_does_not_wait_in_the_queue() -> None:
    async def main() -> list[float]:
        pace = Pace()
        calls = [await pace.request(each, Kind.OTHER) for each in range(48)]
        for call in calls:
            asyncio.get_running_loop().call_later(2, pace.answered, call)
        return await typed(6.0, pace=pace)

    (shown,) = run(main())
    assert 3 < shown < 5
