"""What a change of a prompt has changed."""

from __future__ import annotations

from bot.conversation.prompt_history import LINE_CHARS, difference


def test_what_went_and_what_came_stand_among_what_stayed() -> None:
    before = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten"
    after = before.replace("two", "2").replace("ten", "10")
    assert difference(before, after) == " one\n-two\n+2\n three\n four\n…\n eight\n nine\n-ten\n+10"


def test_a_first_prompt_and_a_removed_one_are_shown_as_a_whole() -> None:
    assert difference("", "one\ntwo") == "+one\n+two"
    assert difference("one\ntwo", "") == "-one\n-two"


def test_a_long_paragraph_is_compared_by_sentences() -> None:
    sentences = [f"This is the sentence with the number {number}." for number in range(6)]
    before = " ".join(sentences)
    assert len(before) > LINE_CHARS
    after = before.replace("number 3", "number three")
    assert difference(before, after).splitlines() == [
        f" {sentences[1]}",
        f" {sentences[2]}",
        f"-{sentences[3]}",
        "+This is the sentence with the number three.",
        f" {sentences[4]}",
        f" {sentences[5]}",
    ]


def test_a_line_of_a_prompt_is_not_taken_for_a_heading() -> None:
    assert difference("-- a", "-- a\n++ b") == " -- a\n+++ b"
