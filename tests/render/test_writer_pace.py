"""Replies and other calls share the limits of Discord: `writer` and `pace` together."""

from __future__ import annotations

import asyncio

import pytest

from bot.render.pace import Kind, Pace
from tests.render.desk import TEXT, Desk, write
from tests.render.virtual_time import run


@pytest.mark.parametrize("streams", [1, 20, 200])
def test_many_replies_that_start_at_once_all_come_through(streams: int) -> None:
    async def main() -> None:
        desk = Desk()
        text = TEXT[:1600]
        writers = [desk.writer(channel_id=channel_id) for channel_id in range(streams)]
        ended = await asyncio.gather(*(write(desk, writer, text) for writer in writers))
        assert all([item.content for item in posted] == [text.strip()] for posted in ended)
        times = [done.at for done in desk.outbox.calls]
        assert all(
            sum(start <= at < start + 1 for at in times[i : i + 60]) <= 50 for i, start in enumerate(times)
        )
        last = max(done.at for done in desk.outbox.calls)
        assert last <= 8.0 + 0.4 if streams <= 20 else last <= 8.0 + 1.3 * streams / 50
        first = sorted(done.at for done in desk.outbox.seen("send"))
        assert first[int(streams * 0.95) - 1 if streams > 1 else 0] <= (
            0.25 if streams <= 20 else streams / 40
        )
        assert desk.pace.streams == 0

    run(main())


def test_whoever_else_calls_discord_waits_for_a_turn_too() -> None:
    async def main() -> None:
        pace = Pace()
        began: list[float] = []

        async def read(number: int) -> None:
            async with pace.waited(number, Kind.READ):
                began.append(asyncio.get_running_loop().time())

        await asyncio.gather(*(read(number) for number in range(100)))
        assert all(sum(start <= at < start + 1 for at in began) <= 45 for start in began)
        assert len(began) == 100

    run(main())


def test_a_request_that_nobody_announced_waits_for_a_turn_of_its_own() -> None:
    async def main() -> None:
        pace = Pace()
        began: list[float] = []
        loop = asyncio.get_running_loop()

        async def request(number: int) -> None:
            call = await pace.request(number, Kind.OTHER)
            began.append(loop.time())
            await asyncio.sleep(0.1)
            pace.answered(call)

        async def announced(number: int) -> None:
            async with pace.waited(number, Kind.READ):
                await request(number)

        await asyncio.gather(*(request(number) for number in range(40)))
        assert loop.time() == pytest.approx(0.1)
        await asyncio.gather(*(announced(number) for number in range(40)))
        assert len(began) == 80
        assert all(sum(start <= at < start + 1 for at in began) <= 48 for start in began)

    run(main())


def test_a_request_goes_at_once_under_a_turn_and_only_one_does() -> None:
    async def main() -> None:
        pace = Pace()
        async with pace.waited(1, Kind.READ):
            first = await pace.request(1, Kind.PART)
            assert first.kind is Kind.READ
            again = await pace.request(1, Kind.PART)
            assert again.kind is Kind.PART
            pace.answered(again)
        assert await pace.request(1, Kind.PART) is not None

    run(main())


def test_a_request_given_up_while_it_waits_leaves_the_queue() -> None:
    async def main() -> None:
        pace = Pace()
        running = [await pace.request(number, Kind.OTHER) for number in range(48)]
        waiting = asyncio.create_task(pace.request(1, Kind.OTHER))
        await asyncio.sleep(2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        for call in running:
            pace.answered(call)
        await asyncio.sleep(2)
        assert await pace.request(1, Kind.OTHER) is not None

    run(main())
