"""Where a text may be split, by the examples of Unicode's UAX #29 and by what one reading of all of it says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import iter_graphemes

from bot.render.grapheme import Graphemes, is_unfinished

_CHARS = st.sampled_from(
    [*"ab \n\r1", "\u0301", "\u200d", "\u200b", "\u0600", "\ufe0f", "é", "漢", "각", "\u1100", "\u1161", "\u11a8",
     "क", "्", "ष", "ि", "👍", "🏽", "👨", "🇩", "🇪", "\u0e33", "❤", "\U000e0067", "\x85"]
)  # fmt: skip


@given(st.lists(_CHARS, max_size=40).map("".join), st.lists(st.integers(0, 40), max_size=10))
def test_boundaries_are_those_of_the_whole_text_in_whatever_order_they_are_asked_for(
    text: str, asked: list[int]
) -> None:
    expected, at = {0}, 0
    for cluster in iter_graphemes(text):
        at += len(cluster)
        expected.add(at)
    graphemes = Graphemes(text)
    for index in [*asked, *range(len(text) + 1)]:
        if index <= len(text):
            assert graphemes.is_boundary(index) == (index in expected), index


@pytest.mark.parametrize(
    "cluster",
    [
        "\r\n",
        "e\u0301",
        "👨‍👩‍👧",
        "👍🏽",
        "🇩🇪",
        "❤️",
        "1️⃣",
        "각",
        "ᄒ\u1161\u11ab",
        "क्षि",
        "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
        "กำ",
        "\u0600१",
    ],
)
def test_a_cluster_has_no_boundary_inside(cluster: str) -> None:
    text = f"a{cluster}b"
    graphemes = Graphemes(text)
    boundaries = [place for place in range(len(text) + 1) if graphemes.is_boundary(place)]
    assert boundaries == [0, 1, 1 + len(cluster), len(text)]


def test_flags_come_in_pairs() -> None:
    graphemes = Graphemes("🇩🇪🇫🇷🇯🇵")
    assert [place for place in range(7) if graphemes.is_boundary(place)] == [0, 2, 4, 6]
    assert is_unfinished("🇩🇪🇫")
    assert not is_unfinished("🇩🇪🇫🇷")
    assert is_unfinished("👨‍")
    assert not is_unfinished("a")
    assert not is_unfinished("")
