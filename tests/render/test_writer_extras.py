"""What a reply carries besides its text, in virtual time: `writer`, `board`, `plan` and `upload` together."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bot.render.controls import NONE
from bot.render.mark import unmarked
from bot.render.schedule import EDIT_INTERVAL_MIN_S
from tests.render.controls import DONE, STOP
from tests.render.desk import TEXT, Desk, shows, stream
from tests.render.virtual_time import run


def test_the_newest_message_carries_stop_and_at_last_the_last_one_what_is_left_to_do() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(streaming=STOP)
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await stream(writer)
            before_the_end = [desk.outbox.controls[each] for each in sorted(desk.outbox.messages)]
            writer.close_text()
        calls = len(desk.outbox.calls)
        await writer.finish(final=DONE)
        assert before_the_end == [NONE, NONE, STOP]
        assert [desk.outbox.controls[each] for each in sorted(desk.outbox.messages)] == [NONE, NONE, DONE]
        assert len(desk.outbox.calls) == calls + 1  # text, mark and buttons in one call
        assert shows(desk)

    run(main())


def test_stop_goes_where_nothing_is_to_take_its_place() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(streaming=STOP)
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await stream(writer, TEXT[:200])
            writer.close_text()
        await writer.finish()
        assert list(desk.outbox.controls.values()) == [NONE]

    run(main())


def test_a_status_line_shows_until_the_first_text_takes_its_place_at_once() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(streaming=STOP)
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await asyncio.sleep(5)
            writer.show_status("-# Thinking …")
            await asyncio.sleep(3)
            assert desk.outbox.texts() == ["-# Thinking … ▌"]
            writer.push("Text. ")
            await asyncio.sleep(0.1)
            assert desk.outbox.texts() == ["Text. ▌"]
            writer.close_text()
        await writer.finish()
        assert [done.what for done in desk.outbox.calls] == ["typing", "send", "edit", "edit"]

    run(main())


OFTEN = 43
"""So many status lines come within 4.3 s, in which a channel may have 5 posts and edits."""


@pytest.mark.parametrize("ends", [False, True])
def test_status_lines_that_change_often_leave_room_for_the_first_text_and_the_end(*, ends: bool) -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(streaming=STOP)
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            for number in range(OFTEN):
                writer.show_status(f"-# Searching {number} …")
                await asyncio.sleep(0.1)
            edits = [done.at for done in desk.outbox.seen("edit")]
            assert len(edits) == 3
            assert all(later - earlier >= EDIT_INTERVAL_MIN_S - 0.001 for earlier, later in pairwise(edits))
            writer.push("Text.")
            began = asyncio.get_running_loop().time()
            if not ends:
                await asyncio.sleep(0.3)
                assert desk.outbox.texts() == ["Text. ▌"]
            writer.close_text()
        await writer.finish()
        assert desk.outbox.texts() == ["Text."]
        assert not ends or desk.outbox.calls[-1].at - began <= 0.3

    run(main())


def test_a_status_line_stands_below_the_text_until_there_is_more() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            writer.push("Text. ")
            await asyncio.sleep(5)
            writer.show_status("-# Searching …")
            await asyncio.sleep(5)
            assert desk.outbox.texts() == ["Text.\n-# Searching … ▌"]
            assert unmarked(desk.outbox.texts()[0]) == "Text."
            writer.push("More.")
            await asyncio.sleep(5)
            assert desk.outbox.texts() == ["Text. More. ▌"]
            writer.show_status("-# Searching …")
            await asyncio.sleep(5)
            writer.close_text()
        await writer.finish()
        assert desk.outbox.texts() == ["Text. More."]

    run(main())


@pytest.mark.parametrize("room", [True, False])
def test_a_message_without_room_for_a_status_line_stays_as_it_is(*, room: bool) -> None:
    async def main() -> str:
        desk = Desk()
        writer = desk.writer()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            writer.push("x" * (1900 if room else 1990))
            await asyncio.sleep(5)
            writer.show_status("-# Searching …")
            await asyncio.sleep(5)
            shown = desk.outbox.texts()[-1]
            writer.close_text()
        await writer.finish()
        return shown

    assert ("Searching" in run(main())) is room


def test_a_status_line_of_a_reply_that_stays_empty_is_taken_away() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            writer.show_status("-# Thinking …")
            await asyncio.sleep(1)
            writer.close_text()
        assert await writer.finish() == ()
        assert not desk.outbox.messages

    run(main())
