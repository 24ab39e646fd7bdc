"""Files and pictures that go with the text of a reply."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation import reply_wording
from bot.conversation.errors import DiscordForbidden, DiscordRejected
from bot.render.board import Board, FilesRefused
from bot.render.mark import is_marked
from bot.render.part import Formula, TextFile
from bot.render.plan import Edit, Posted, Send
from bot.render.stack import LINES_MAX
from bot.render.style import Style
from bot.render.upload import Uploads, bounded
from tests.render.controls import DONE, STOP
from tests.render.desk import CHANNEL, Desk, stream, write
from tests.render.fake_outbox import FakeOutbox
from tests.render.virtual_time import run

PNG = b"\x89PNG"


async def draw(formulas: list[str]) -> list[bytes | None]:
    """A second per batch; knows only one formula."""
    await asyncio.sleep(1)
    return [PNG if tex == "x" else None for tex in formulas]


def board(outbox: FakeOutbox, *posted: Posted) -> Board:
    async def nothing(_part: int, _what: object) -> None: ...

    uploads = Uploads(draw, lambda: None)
    uploads.attachable([Formula("x")])
    return Board(
        outbox,
        CHANNEL,
        nonce=lambda part: f"7-{part}",
        before_send=nothing,
        after_send=nothing,
        reply_to=42,
        posted=posted,
        uploads=uploads,
    )


def test_files_go_with_the_text_they_belong_to_and_are_kept_by_later_edits() -> None:
    async def main() -> None:
        outbox = FakeOutbox()
        found = board(outbox)
        await asyncio.sleep(2)
        await found.perform(Send(0, "a ▌", (Formula("x"),), STOP))
        (posted,) = found.shown
        assert [(each.name, each.data) for each in outbox.uploaded.values()] == [
            ("formula-2d711642b7.png", PNG)
        ]
        code = TextFile("code.py", "pass")
        await found.perform(Edit(0, posted.message_id, "b", keep=posted.files, files=(code,), controls=DONE))
        (posted,) = found.shown
        assert [each.file for each in posted.files] == [Formula("x"), code]
        assert [each.name for each in outbox.files[posted.message_id]] == [
            "formula-2d711642b7.png",
            "code.py",
        ]
        assert posted.controls == DONE

    run(main())


def test_text_does_not_wait_for_the_pictures_below_it_and_the_reply_ends_with_them() -> None:
    async def main() -> None:
        desk = Desk()
        writer = desk.writer(draw=draw)
        text = "So:\n\n$$x$$\n\nand:\n\n$$\\odd$$\n\nThat is all."
        async with asyncio.TaskGroup() as group:
            group.create_task(writer.run())
            await stream(writer, text)
            writer.close_text()
        closed_at = asyncio.get_running_loop().time()
        (posted,) = await writer.finish()
        whole = next(done for done in desk.outbox.calls if "That is all." in done.content)
        assert whole.at <= closed_at + 0.3
        assert is_marked(whole.content)
        assert not is_marked(posted.content)
        assert [each.name for each in desk.outbox.files[posted.message_id]] == ["formula-2d711642b7.png"]
        assert [each.data for each in desk.outbox.uploaded.values()] == [PNG]

    run(main())


def test_a_picture_that_never_comes_is_not_waited_for() -> None:
    async def main() -> None:
        desk = Desk()

        async def never(_: list[str]) -> list[bytes | None]:
            await asyncio.sleep(1000)
            return []

        writer = desk.writer(draw=never)
        (posted,) = await writer.finish("So:\n\n$$x$$\n")
        assert not is_marked(posted.content)
        assert not desk.outbox.uploaded
        assert asyncio.get_running_loop().time() < 10

    run(main())


def test_where_files_are_refused_all_is_in_the_text_and_people_are_told() -> None:
    async def main() -> None:
        desk = Desk()
        desk.outbox.refuses_files = DiscordForbidden("Attach Files")
        code = "".join(f"print({number})\n" for number in range(30))
        writer = desk.writer(draw=draw, style=Style(code_file_lines=5))
        text = f"Look:\n```py\n{code}```\nand\n\n$$x$$\n\nDone."
        await write(desk, writer, text)
        assert code in "".join(desk.outbox.texts())
        assert "Done." in desk.outbox.texts()[-1]
        assert not any(map(is_marked, desk.outbox.texts()))
        assert not desk.outbox.uploaded
        assert writer.notices == (reply_wording.NO_FILES,)

    run(main())


def test_a_long_block_of_code_goes_as_a_file() -> None:
    async def main() -> None:
        desk = Desk()
        code = "".join(f"print({number})\n" for number in range(30))
        writer = desk.writer(style=Style(code_file_lines=5))
        await write(desk, writer, f"Look:\n```py\n{code}```\nDone.")
        (upload,) = desk.outbox.uploaded.values()
        assert upload.data.decode() == code
        assert writer.notices == ()

    run(main())


@pytest.mark.parametrize("refusal", [DiscordForbidden("Attach Files"), DiscordRejected(40005)])
def test_a_call_that_goes_only_without_its_files_is_told_from_one_that_does_not_go(
    refusal: Exception,
) -> None:
    async def main() -> None:
        outbox = FakeOutbox(refuses_files=refusal)
        found = board(outbox)
        await asyncio.sleep(2)
        with pytest.raises(FilesRefused):
            await found.perform(Send(0, "a", (Formula("x"),)))
        await found.perform(Send(0, "a, in words"))
        assert outbox.texts() == ["a, in words"]
        assert not found.unconfirmed
        outbox.failures.append(refusal)
        with pytest.raises(type(refusal)):
            await found.perform(Edit(0, found.shown[0].message_id, "b"))

    run(main())


def test_no_more_pictures_are_drawn_at_once_than_the_machine_can_bear() -> None:
    async def main() -> None:
        shared = bounded(draw)
        assert await asyncio.gather(*(shared(["x"]) for _ in range(6))) == [[PNG]] * 6
        assert asyncio.get_running_loop().time() == pytest.approx(3)

    run(main())


def test_a_further_formula_joins_the_picture_which_stays_as_it_is_until_then() -> None:
    asked: list[str] = []

    async def draw_any(formulas: list[str]) -> list[bytes | None]:
        asked.extend(formulas)
        await asyncio.sleep(1)
        return [None if tex.count("x") == 3 else PNG for tex in formulas]

    async def main() -> None:
        uploads = Uploads(draw_any, lambda: None)
        x = Formula("x")
        assert uploads.attachable([x]) == ()
        await asyncio.sleep(2)
        assert uploads.attachable([x]) == (x,)
        assert uploads.attachable([x, x]) == (x,)
        await asyncio.sleep(2)
        two = Formula("x\n\nx")
        assert uploads.attachable([x, x]) == (two,)
        assert uploads.attachable([x, x, x]) == (two,)
        await asyncio.sleep(2)
        assert uploads.attachable([x, x, x]) == (two,)  # three are too much for one picture
        assert not uploads.pending
        assert asked == ["x", "x\n\nx", "x\n\nx\n\nx"]

    run(main())


def test_what_one_picture_does_not_hold_is_drawn_in_the_next() -> None:
    async def draw_any(formulas: list[str]) -> list[bytes | None]:
        await asyncio.sleep(1)
        return [PNG for _ in formulas]

    async def main() -> None:
        uploads = Uploads(draw_any, lambda: None)
        formulas = [Formula(f"x = {number}") for number in range(LINES_MAX + 2)]
        assert uploads.attachable(formulas) == ()
        await asyncio.sleep(2)
        first, second = uploads.attachable(formulas)
        assert isinstance(first, Formula)
        assert first.tex.endswith(f"x = {LINES_MAX - 1}")
        assert second == Formula(f"x = {LINES_MAX}\n\nx = {LINES_MAX + 1}")

    run(main())
