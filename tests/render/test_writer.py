"""The writer on a good day, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import AnsweredBefore, DiscordForbidden
from bot.render.controls import NONE
from bot.render.mark import is_marked
from bot.render.pace import Kind, Pace
from bot.render.plan import Posted
from tests.render.desk import TEXT, Desk, shows, stream, write
from tests.render.fake_outbox import Done
from tests.render.virtual_time import run


def test_a_reply_streams_marked_and_ends_complete_and_unmarked() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        unmarked_before_the_end: list[float] = []

        def look(done: Done) -> None:
            if not any(is_marked(text) for text in desk.outbox.texts()):
                unmarked_before_the_end.append(done.at)

        desk.outbox.on_call = look
        posted = await write(desk, writer)
        assert [item.content for item in posted] == desk.outbox.texts()
        assert shows(desk)
        assert unmarked_before_the_end == [desk.outbox.calls[-1].at]
        assert not writer.unconfirmed

    run(main())


def test_the_first_text_goes_out_at_once_and_the_last_right_after_the_commit() -> None:
    async def main() -> None:
        desk = Desk()
        await write(desk, desk.writer(), TEXT[:1600])
        loop = asyncio.get_running_loop()
        assert desk.outbox.seen("send")[0].at == pytest.approx(0.075, abs=0.01)
        # The call under way, the commit, and half a round trip.
        assert desk.outbox.calls[-1].at <= 8.0 + 0.15 + 0.01 + 0.08 + 0.01
        assert loop.time() <= desk.outbox.calls[-1].at + 0.1

    run(main())


def test_every_post_is_journalled_has_its_own_nonce_and_only_the_first_replies() -> None:
    async def main() -> None:
        desk = Desk()
        posted = await write(desk, desk.writer())
        ids = [item.message_id for item in posted]
        assert [(step, part) for step, part, _ in desk.journal] == [
            (step, part) for part in range(3) for step in ("before", "after")
        ]
        assert [what for step, _, what in desk.journal if step == "after"] == ids
        sends = desk.outbox.seen("send")
        assert [done.nonce for done in sends] == ["7-0", "7-1", "7-2"]
        assert [what for step, _, what in desk.journal if step == "before"] == [
            done.content for done in sends
        ]
        assert [desk.outbox.replies_to[message_id] for message_id in ids] == [42, None, None]

    run(main())


def test_a_channel_is_never_asked_for_more_than_it_allows() -> None:
    async def main() -> None:
        desk = Desk()
        await write(desk, desk.writer(), TEXT * 3)
        times = [done.at for done in desk.outbox.calls if done.what != "typing"]
        assert all(sum(start <= at < start + 5 for at in times) <= 5 for start in times)
        assert len(times) > 30

    run(main())


def test_a_reply_that_comes_all_at_once_takes_as_many_posts_and_one_edit() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        writer.push(TEXT)
        writer.close_text()
        await writer.finish()
        assert [done.what for done in desk.outbox.calls] == ["send", "send", "send", "edit"]
        assert shows(desk)

    run(main())


def test_the_end_may_name_the_text_itself() -> None:
    async def main() -> None:
        desk = Desk()
        await desk.writer().finish("All of it.")
        assert shows(desk, "All of it.")
        writer = desk.writer(channel_id=8)
        await write(desk, writer, "streamed text ")
        posted = await writer.finish("another text")
        assert [item.content for item in posted] == ["another text"]

    run(main())


def test_an_empty_reply_posts_nothing() -> None:
    async def main() -> None:
        desk = Desk()
        assert await write(desk, desk.writer(), " \n") == ()
        assert not desk.outbox.seen("send")

    run(main())


def test_messages_of_an_earlier_try_are_edited_and_surplus_ones_deleted_at_the_end() -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.messages = {1: "old ▌", 2: "old", 3: "old", 4: "old"}
        old = [Posted(number, "") for number in range(1, 5)]
        posted = await write(desk, desk.writer(*old))
        assert [item.message_id for item in posted] == [1, 2, 3]
        assert shows(desk)
        assert not desk.outbox.seen("send")
        assert [done.what for done in desk.outbox.calls][-2:] == ["delete", "edit"]

    run(main())


def test_a_post_that_an_earlier_try_made_is_put_right() -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.messages = {1: "what the earlier try wrote ▌"}
        desk.outbox.nonces = {"7-0": 1}
        desk.outbox.replies_to = {1: 42}
        writer = desk.writer()
        posted = await write(desk, writer, "New.")
        assert posted == (Posted(1, "New.", controls=NONE),)
        assert shows(desk, "New.")
        assert writer.unconfirmed  # it may have posted more

    run(main())


def test_a_post_that_an_earlier_try_made_in_reply_to_another_message_is_left_alone() -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.messages = {1: "an answer to more"}
        desk.outbox.nonces = {"7-0": 1}
        desk.outbox.replies_to = {1: 43}
        writer = desk.writer()
        writer.push("New.")
        with pytest.raises(AnsweredBefore):
            await writer.finish()
        assert shows(desk, "an answer to more")

    run(main())


def test_typing_shows_until_the_first_text() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await asyncio.sleep(20)
        await stream(writer, TEXT[:2000])
        writer.close_text()
        await writer.finish()
        await task
        assert [round(done.at) for done in desk.outbox.seen("typing")] == [0, 8, 16]

    run(main())


def test_nothing_is_called_between_the_end_of_the_text_and_finish() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        task = asyncio.create_task(writer.run())
        await stream(writer)
        writer.close_text()
        await task
        calls = len(desk.outbox.calls)
        await asyncio.sleep(30)
        assert len(desk.outbox.calls) == calls
        assert any(is_marked(text) for text in desk.outbox.texts())
        await writer.finish()
        assert shows(desk)

    run(main())


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


def test_nothing_is_called_before_the_place_is_open_and_what_comes_meanwhile_is_shown_then() -> None:
    async def main() -> None:
        desk = Desk()
        opened: list[float] = []

        async def open_place() -> None:
            await asyncio.sleep(1)
            opened.append(asyncio.get_running_loop().time())

        writer = desk.writer(opened=open_place)
        await write(desk, writer, TEXT[:1000])
        assert shows(desk, TEXT[:1000])
        assert opened == [1.0]
        assert desk.outbox.calls[0].at > 1.0

    run(main())


def test_a_place_that_cannot_be_opened_ends_the_writing() -> None:
    async def main() -> None:
        desk = Desk()

        async def open_place() -> None:
            await asyncio.sleep(0.1)
            raise DiscordForbidden("Create Public Threads")

        writer = desk.writer(opened=open_place)
        with pytest.raises(DiscordForbidden):
            await writer.run()
        with pytest.raises(DiscordForbidden):
            await writer.finish("Text.")
        assert not desk.outbox.calls

    run(main())


def test_a_reply_that_begins_at_once_needs_no_typing() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer()
        writer.push("Text. ")
        await write(desk, writer, TEXT[:200])
        assert not desk.outbox.seen("typing")

    run(main())
