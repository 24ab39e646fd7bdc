"""The writer on a good day, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import AnsweredBefore, DiscordForbidden
from bot.render.controls import NONE
from bot.render.mark import is_marked
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
