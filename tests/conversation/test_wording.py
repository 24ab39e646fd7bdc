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


def test_only_in_a_server_somebody_can_end_a_pause() -> None:
    assert "/access clear" in wording.paused(5, 7000)
    assert wording.paused(5, 7000, is_direct=True).endswith("Please write again <t:7:R>.")
