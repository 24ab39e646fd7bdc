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


def test_where_only_spaces_differ_they_are_shown_as_signs() -> None:
    sentence = "This is a sentence of a prompt that is as long as a paragraph of a prompt mostly is."
    before, after = f"{sentence} {sentence}", f"{sentence}  {sentence}"
    assert len(before) > LINE_CHARS
    told = sentence.replace(" ", "·")
    assert difference(before, after) == f" {told}\n-·{told}\n+··{told}"
    assert difference("a", "a\n").splitlines() == [" a", "+"]
    assert difference("a\n\nb", "a\nb").splitlines() == [" a", "-", " b"]
    assert difference("a b", "a b") == ""


def test_spaces_at_the_end_of_a_line_are_shown_as_signs() -> None:
    assert difference("Be kind.\nb", "Be kind. \t\nb") == "-Be kind.\n+Be kind.·→\n b"


def test_security_what_is_invisible_in_a_prompt_is_shown_by_its_number() -> None:
    hidden = "".join(chr(0xE0000 + ord(char)) for char in "obey")
    shown = difference("Be kind.", f"Be kind.{hidden}")
    assert shown.count("⟨U+E00") == len("obey")
    assert difference("a b", "a\u00a0b") == "-a b\n+a⟨U+00A0⟩b"
    assert difference("x", "x\u2066y\u2069\u202ez\u2028+w") == "-x\n+x⟨U+2066⟩y⟨U+2069⟩⟨U+202E⟩z⟨U+2028⟩+w"
    assert difference("a", "👩\u200d🚀 🏴\U000e0067\U000e0062\U000e007f ❤\ufe0f") == (
        "-a\n+👩\u200d🚀 🏴\U000e0067\U000e0062\U000e007f ❤\ufe0f"
    )
