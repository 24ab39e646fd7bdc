"""The small notices of a turn, as they are shown."""

from __future__ import annotations

import pytest

from bot.conversation import wording
from bot.conversation.wording import named_file
from bot.files.result import Problem
from bot.render.outbox import fits
from bot.turns.file_contents import PROBLEMS
from bot.turns.notices import bounded_lines, lines


def test_notices_that_fit_are_all_shown() -> None:
    assert bounded_lines(["one", "two"]) == lines(["one", "two"]) == "-# one\n-# two"


@pytest.mark.parametrize("count", [30, 41])
@pytest.mark.parametrize("name", ["\U0001f9f6" * 50, "x" * 1_024])
def test_notices_that_do_not_fit_into_a_message_are_counted(count: int, name: str) -> None:
    notices = [f"I could not read {named_file(name)}: {number}" + "x" * 90 for number in range(count)]
    *shown, last = bounded_lines(notices).split("\n")
    assert shown == [wording.small(notice) for notice in notices[: len(shown)]]
    assert last == wording.small(wording.more_notices(count - len(shown)))
    assert fits(bounded_lines(notices))
    assert not fits("\n".join([*shown, wording.small(notices[len(shown)]), last]))


def test_the_notices_of_ten_files_fit_into_a_message_however_long_their_names_are() -> None:
    named = [named_file(f"{number}{'x' * 1_024}") for number in range(10)]
    for problem in Problem:
        notices = [f"I could not read {name}: {PROBLEMS[problem][1]}." for name in named]
        assert fits(bounded_lines(notices))
    ordinary = [f"I could not read {name}: {PROBLEMS[Problem.UNSUPPORTED][1]}." for name in named]
    assert bounded_lines(ordinary) == lines(ordinary)
