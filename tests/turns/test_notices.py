"""Notices below a reply."""

from __future__ import annotations

from bot.turns.notices import lines


def test_each_notice_is_a_small_line() -> None:
    assert lines(["One.", "Two."]) == "-# One.\n-# Two."
    assert lines([]) == ""


def test_notices_that_are_too_many_for_a_message_are_counted() -> None:
    text = lines([f"{number} " + "x" * 300 for number in range(10)])
    assert len(text) <= 2000
    assert text.startswith("-# 0 ")
    assert text.endswith("\n-# … and 4 more like these.")
