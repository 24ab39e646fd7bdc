"""The sentences that people read."""

from __future__ import annotations

from bot.conversation import wording


def test_a_file_is_named_without_what_would_format_the_name() -> None:
    assert wording.file_named("loom `1`.png") == "`loom 1.png`"
    assert wording.file_named("`") == "`file`"


def test_of_a_long_name_the_beginning_and_the_ending_are_shown() -> None:
    named = wording.file_named("a" * 200 + " final.docx")
    assert len(named) == wording.FILE_NAME_CHARS + 2
    assert named.startswith("`aaa")
    assert "…" in named
    assert named.endswith(" final.docx`")


def test_names_are_listed_as_in_a_sentence() -> None:
    assert [wording.listed(names) for names in ((), ("a",), ("a", "b"), ("a", "b", "c"))] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
