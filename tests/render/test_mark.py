"""The mark of an unfinished reply, and where characters may be cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.mark import MARK_UNITS, escape_mark, is_marked, marked
from bot.render.measure import fitting, is_visible, units
from tests.render.markdown import HOSTILE
from tests.render.whole import lay_out

TEXT = st.text(alphabet=st.sampled_from("a ▌\\\n`𝒳"))


@settings(deadline=None)
@given(TEXT)
def test_a_marked_text_is_told_from_every_text_that_is_not(text: str) -> None:
    assert is_marked(marked(text))
    assert not is_marked(escape_mark(text))
    assert units(marked(text)) == units(text) + MARK_UNITS


@settings(deadline=None)
@given(TEXT)
def test_only_a_text_that_would_pass_for_a_marked_one_is_changed(text: str) -> None:
    changed = escape_mark(text)
    assert changed == text or (is_marked(text) or text == "▌")
    assert escape_mark(changed) == changed
    assert changed.replace("\\▌", "▌") == text.replace("\\▌", "▌")


def test_the_mark_stands_below_a_code_block_and_beside_text() -> None:
    assert marked("text") == "text ▌"
    assert marked("```py\nx\n```") == "```py\nx\n```\n▌"
    assert marked("> ```\n> x\n> ```") == "> ```\n> x\n> ```\n▌"
    assert marked("see `this`") == "see `this` ▌"


@pytest.mark.parametrize("text", ["A cursor looks like this: ▌", "▌", "one\n▌", "█▌", "done \\▌"])
def test_a_finished_reply_that_ends_with_a_cursor_is_finished(text: str) -> None:
    (part,) = lay_out(text, [], 200).texts
    assert not is_marked(part)
    assert part.replace("\\", "") == text.replace("\\", "")


@settings(deadline=None)
@given(HOSTILE, st.integers(0, 300))
def test_what_fits_is_as_long_as_it_may_be(text: str, room: int) -> None:
    fits = fitting(text, room)
    assert units(text[:fits]) <= room
    assert fits == len(text) or units(text[: fits + 1]) > room


@settings(deadline=None)
@given(st.text(max_size=20))
def test_units_are_those_of_utf_16(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["", " \n", "\u200b", "\u2060\ufeff", "\x00", "\u3000"])
def test_what_discord_would_refuse_as_blank_is_not_visible(text: str) -> None:
    assert not is_visible(text)
    assert is_visible(text + "x")
