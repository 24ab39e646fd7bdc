"""The sentences that people read."""

from __future__ import annotations

from bot.conversation import wording


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [wording.listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
