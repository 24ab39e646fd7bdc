"""What a hostile reply costs grows with its length and no faster: counted in calls, which no clock disturbs.

Patterns are counted by `tests/test_patterns.py`; here it is the loops around them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from bot.render.draft import Draft
from bot.render.layout import Layout
from bot.render.style import Style
from tests.render.hostile import REPEATED

# Four times the text takes about four times the calls, and sixteen times where the growth is quadratic.
GROWTH_MAX = 6
# What takes fewer calls than this for a character is linear, whatever a shorter text takes.
CALLS_PER_CHAR = 20
# A place to cut may be tried several times, and what is tried for every character is looked up.
CALLS_PER_CHAR_MAX = 400
STYLE = Style(code_file_lines=60)


def calls(work: Callable[[], None]) -> int:
    """How many functions are called and left, those written in C too, and how often generators go on."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def grows(work: Callable[[int], None], few: int) -> float:
    least, most = calls(lambda: work(few)), calls(lambda: work(4 * few))
    return 0.0 if most <= CALLS_PER_CHAR * 4 * few else most / least


@pytest.mark.parametrize("name", REPEATED)
def test_a_long_message_costs_no_more_for_each_character_than_a_short_one(name: str) -> None:
    unit = REPEATED[name]

    def lay_out(limit: int) -> None:
        layout = Layout(limit)
        layout.push(("x " + unit * (2 * limit // len(unit)))[: 2 * limit] + " end")
        layout.growing()
        layout.finish()

    assert grows(lay_out, 500) <= GROWTH_MAX
    assert calls(lambda: lay_out(2000)) <= CALLS_PER_CHAR_MAX * 2000


@pytest.mark.parametrize("name", REPEATED)
def test_a_long_reply_costs_no_more_for_each_delta_than_a_short_one(name: str) -> None:
    unit = REPEATED[name]

    def write(chars: int) -> None:
        draft = Draft(500, STYLE)
        text = "x " + unit * (chars // len(unit)) + " end"
        for start in range(0, len(text), 50):
            draft.push(text[start : start + 50])
            _ = draft.parts
        draft.finish()
        _ = draft.parts

    assert grows(write, 2000) <= GROWTH_MAX


@pytest.mark.parametrize(
    "text",
    [
        "10000000000000000000000000 is ten septillion",
        "14159265358979323846264338327950288419716939937510 are digits of pi",
        "- " + "1" * 400 + " and text",
        "> " + "12." * 300 + "x",
        "`a *b " * 400 + "| |\n|---|---|\n|" + "*a " * 1000 + "|",
    ],
)
def test_what_once_froze_the_process_is_shown(text: str) -> None:
    draft = Draft()
    for char in text:
        draft.push(char)
        _ = draft.parts
    draft.finish()
    shown = "".join(part.text for part in draft.parts)
    assert shown.replace("\\", "").split()[0] == text.split(maxsplit=1)[0]
