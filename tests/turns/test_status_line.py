"""When the line about a long line is shown."""

from __future__ import annotations

import asyncio
from typing import cast

from bot.conversation import status_wording
from bot.render.writer import Writer
from bot.turns.status_line import STATUS_AFTER_S, StatusLine
from tests.render.virtual_time import run


class Board:
    """Notes what it is to show, and when."""

    def __init__(self) -> None:
        self.shown: list[tuple[float, str]] = []

    def show_status(self, text: str) -> None:
        self.shown.append((asyncio.get_running_loop().time(), text))


def test_a_quick_reply_shows_no_line_and_a_slow_one_shows_what_it_waits_for() -> None:
    async def main() -> list[tuple[float, str]]:
        board, status = Board(), StatusLine()
        status.attach(cast("Writer", board))
        status.show(status_wording.THINKING)
        await asyncio.sleep(STATUS_AFTER_S - 1)
        assert board.shown == []
        await asyncio.sleep(2)
        status.detach()
        return board.shown

    assert run(main()) == [(STATUS_AFTER_S, status_wording.THINKING)]


def test_each_line_is_shown_once_however_often_the_lines_change() -> None:
    async def main() -> list[str]:
        board, status = Board(), StatusLine()
        status.attach(cast("Writer", board))
        await asyncio.sleep(STATUS_AFTER_S + 1)
        for line in (
            status_wording.BUSY,
            status_wording.THINKING,
            status_wording.BUSY,
            status_wording.THINKING,
        ):
            status.show(line)
        status.detach()
        return [text for _, text in board.shown]

    assert run(main()) == [status_wording.BUSY, status_wording.THINKING]


def test_a_line_behind_text_is_shown_after_the_same_time_without_text_and_again_behind_more_text() -> None:
    async def main() -> list[tuple[float, str]]:
        board, status = Board(), StatusLine()
        status.attach(cast("Writer", board))
        for _ in range(2):
            await asyncio.sleep(STATUS_AFTER_S + 1)
            status.text_came()
            status.show(status_wording.THINKING)
            await asyncio.sleep(STATUS_AFTER_S - 1)
            status.text_came()
            status.show(status_wording.THINKING)
            await asyncio.sleep(STATUS_AFTER_S)
        status.detach()
        return board.shown

    first_s = 3 * STATUS_AFTER_S
    assert run(main()) == [(first_s, status_wording.THINKING), (2 * first_s, status_wording.THINKING)]


def test_nothing_is_shown_of_a_line_that_is_over() -> None:
    async def main() -> int:
        board, status = Board(), StatusLine()
        status.attach(cast("Writer", board))
        status.show(status_wording.BUSY)
        status.detach()
        await asyncio.sleep(2 * STATUS_AFTER_S)
        return len(board.shown)

    assert run(main()) == 0


def test_a_request_that_is_made_again_has_its_line_too() -> None:
    async def main() -> list[tuple[float, str]]:
        board, status = Board(), StatusLine()
        for pause_s in (STATUS_AFTER_S - 1, 2):
            status.attach(cast("Writer", board))
            status.show(status_wording.THINKING)
            await asyncio.sleep(pause_s)
            status.detach()
        return board.shown

    assert run(main()) == [(STATUS_AFTER_S, status_wording.THINKING)]
