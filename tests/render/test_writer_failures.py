"""The writer when calls fail, in virtual time: `writer`, `calls` and `board` together."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordNotNow, DiscordUnavailable, Fenced
from bot.render.controls import NONE, while_written
from bot.render.mark import is_marked
from tests.render.desk import TEXT, Desk, shows, stream, write
from tests.render.virtual_time import run


@pytest.mark.parametrize("stores_failed", [False, True])
def test_lost_calls_are_repeated_and_never_show_twice(stores_failed: bool) -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.stores_failed = stores_failed
        lost = DiscordUnavailable()
        desk.outbox.failures.extend([lost, lost, None, lost, None, None, lost, None, None, None, lost])
        writer = desk.writer()
        await write(desk, writer)
        assert shows(desk)
        assert len(desk.outbox.messages) == 3
        assert not desk.outbox.failures
        assert writer.unconfirmed

    run(main())


def test_the_last_edit_is_repeated_with_back_off_and_then_gives_up() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        writer.push("Some text.")
        writer.close_text()
        desk.outbox.failures.extend([DiscordUnavailable()] * 6)
        with pytest.raises(DiscordUnavailable):
            await writer.finish()
        assert asyncio.get_running_loop().time() > 15
        await writer.finish()
        assert shows(desk, "Some text.")

    run(main())


@pytest.mark.parametrize("failure", [DiscordGone("code 10008"), DiscordForbidden("Send Messages")])
def test_what_cannot_be_repeated_ends_the_writing_and_surfaces(failure: Exception) -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        desk.outbox.failures.extend([None, None, failure])
        task = asyncio.create_task(writer.run())
        await stream(writer)
        with pytest.raises(type(failure)):
            await task
        calls = len(desk.outbox.calls)
        writer.close_text()
        with pytest.raises(type(failure)):
            await writer.finish()
        assert len(desk.outbox.calls) == calls
        assert writer.text == TEXT

    run(main())


@pytest.mark.parametrize("step", ["before 0", "after 0", "before 1", "after 1"])
def test_a_journal_that_is_fenced_ends_everything_at_once(step: str) -> None:
    async def main() -> None:
        desk = Desk(fenced_at=step)
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await stream(writer)
        with pytest.raises(Fenced):
            await task
        part = int(step[-1])
        assert len(desk.outbox.seen("send")) == part + step.startswith("after")
        with pytest.raises(Fenced):
            await writer.finish()

    run(main())


def test_an_abandoned_writer_calls_nothing_more_and_drops_what_is_under_way() -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.round_trip_s = 1.0
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        streaming = asyncio.create_task(stream(writer))
        await asyncio.sleep(1.8)
        assert len(desk.outbox.calls) == 1  # the post; an edit is under way
        await writer.abandon()
        await task
        await streaming
        assert len(desk.outbox.calls) == 1
        assert writer.unconfirmed
        with pytest.raises(Fenced):
            await writer.finish()

    run(main())


def test_abandoning_ends_a_finish_that_waits() -> None:
    async def main() -> None:
        desk = Desk(allowed=False)
        writer = desk.writer()
        writer.push("Some text.")
        finishing = asyncio.create_task(writer.finish())
        await asyncio.sleep(1)
        await writer.abandon()
        with pytest.raises(Fenced):
            await finishing
        assert not desk.outbox.calls

    run(main())


def test_nothing_is_called_while_the_lease_may_be_lost() -> None:
    async def main() -> None:
        desk = Desk(allowed=False)
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await stream(writer, TEXT[:1000])
        assert not desk.outbox.calls
        desk.allowed = True
        await asyncio.sleep(1)
        assert desk.outbox.seen("send")
        writer.close_text()
        await task
        desk.allowed = False
        finishing = asyncio.create_task(writer.finish())
        await asyncio.sleep(5)
        assert any(is_marked(text) for text in desk.outbox.texts())
        desk.allowed = True
        await finishing
        assert shows(desk, TEXT[:1000])

    run(main())


def test_a_lease_that_never_comes_back_counts_as_lost() -> None:
    async def main() -> None:
        desk = Desk(allowed=False)
        with pytest.raises(Fenced):
            await desk.writer().finish("Some text.")
        assert 15 < asyncio.get_running_loop().time() < 30

    run(main())


def test_a_run_that_is_cancelled_can_still_be_finished() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await stream(writer, TEXT[:1000])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.finish("The reply could not be completed.")
        assert shows(desk, "The reply could not be completed.")

    run(main())


def test_a_reply_that_cannot_be_finished_is_left_without_its_mark_and_its_buttons() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(streaming=while_written(5))
        task = asyncio.create_task(writer.run())
        await stream(writer, TEXT[:1000])
        desk.outbox.failures.append(DiscordForbidden("Manage Threads"))
        await stream(writer, TEXT[1000:2000])
        with pytest.raises(DiscordForbidden):
            await task
        assert any(is_marked(text) for text in desk.outbox.texts())
        await writer.finalize_partial()
        (text,) = desk.outbox.texts()
        assert TEXT.startswith(text)
        assert list(desk.outbox.controls.values()) == [NONE]
        desk.outbox.failures.append(DiscordForbidden("Manage Threads"))
        await writer.finalize_partial()

    run(main())


def test_a_writer_waits_out_what_discord_wants_later_and_tells_once() -> None:
    async def main() -> None:
        desk = Desk()
        told: list[float] = []

        async def delayed(refused: DiscordNotNow) -> None:
            told.append(refused.for_s)

        writer = desk.writer(delayed=delayed)
        desk.outbox.failures.extend([None, DiscordNotNow(0.5), DiscordNotNow(0.5)])
        await write(desk, writer)
        assert shows(desk)
        assert told == [0.5]

    run(main())


def test_the_end_of_the_text_is_not_held_up_by_what_discord_wants_later() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        desk.outbox.failures.extend([None, *[DiscordNotNow(600.0)] * 2])
        task = asyncio.create_task(writer.run())
        await stream(writer)
        writer.close_text()
        await task
        with pytest.raises(DiscordNotNow):
            await writer.finish()
        assert asyncio.get_running_loop().time() < 600.0

    run(main())


def test_a_place_that_is_made_later_is_asked_for_again_only_then() -> None:
    async def main() -> None:
        desk = Desk()
        asked: list[float] = []
        loop = asyncio.get_running_loop()

        async def opened() -> None:
            asked.append(loop.time())
            if len(asked) == 1:
                raise DiscordNotNow(0.5)

        writer = desk.writer(opened=opened)
        await write(desk, writer)
        assert shows(desk)
        assert len(asked) == 2
        assert asked[1] >= asked[0] + 0.5

    run(main())
