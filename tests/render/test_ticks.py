"""No three backticks stand together in a code block."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.render.ticks import Ticks

PIECES = st.lists(st.text("`x\n", min_size=1, max_size=6), max_size=8)


@given(PIECES)
def test_a_run_is_parted_wherever_the_code_is_cut_and_nothing_else_is_changed(pieces: list[str]) -> None:
    ticks = Ticks()
    parted = "".join(ticks.separated(piece) for piece in pieces)
    assert "```" not in parted
    assert parted.replace("\u200b", "") == "".join(pieces)
    assert parted == Ticks().separated("".join(pieces))


def test_two_backticks_stay_together() -> None:
    assert Ticks().separated("``x`` ```") == "``x`` ``\u200b`"
