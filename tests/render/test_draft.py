"""What must hold for every reply as Discord shows it: restyled, laid out, and with its files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from bot.render.draft import Draft
from bot.render.mark import is_marked, marked
from bot.render.part import FILES_MAX, Part
from bot.render.restyle.restyler import Restyler
from bot.render.style import Style
from tests.render.discord import stray
from tests.render.drafts import count_files, draft_of
from tests.render.markdown import ANY_REPLY, ANY_RICH, RICH
from tests.render.test_layout import CUTS, LIMITS, is_sendable, open_fence
from tests.render.whole import missing_words

STYLES = st.builds(Style, st.sampled_from([0, 3, 12]), st.sampled_from([0, 1, 2, 4]))


def restyled(text: str) -> str:
    restyler = Restyler()
    return restyler.push(text) + restyler.finish()


def check(part: Part, limit: int) -> None:
    assert is_sendable(part.text, limit)
    assert not is_marked(part.text)
    assert not open_fence(part.text)
    assert count_files(part) <= FILES_MAX


@settings(deadline=None)
@given(st.one_of(ANY_RICH, ANY_REPLY), CUTS, LIMITS, STYLES)
def test_what_is_shown_does_not_depend_on_the_deltas(
    text: str, cuts: list[int], limit: int, style: Style
) -> None:
    assert draft_of(text, cuts, limit, style).parts == draft_of(text, [], limit, style).parts


@settings(max_examples=60, deadline=None)
@example("*`\n| 1 | 2 |\n-# ", 160, Style(0, 0))
@given(ANY_RICH, LIMITS, STYLES)
def test_asking_in_between_changes_nothing(text: str, limit: int, style: Style) -> None:
    draft = Draft(limit, style)
    for char in text[:1500]:
        draft.push(char)
        assert draft.complete <= len(draft.parts)
    draft.finish()
    assert draft.parts == draft_of(text[:1500], [], limit, style).parts


@settings(max_examples=150, deadline=None)
@given(st.one_of(ANY_RICH, ANY_REPLY), CUTS, LIMITS, STYLES)
def test_at_every_moment_each_message_can_be_sent_and_complete_ones_stay(
    text: str, cuts: list[int], limit: int, style: Style
) -> None:
    draft = Draft(limit, style)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    complete: tuple[Part, ...] = ()
    for start, end in pairwise(places):
        draft.push(text[start:end])
        parts = draft.parts
        assert parts[: len(complete)] == complete
        complete = parts[: draft.complete]
        for part in parts:
            check(part, limit)
            assert is_sendable(marked(part.text), limit)
        assert not style.max_messages or len(parts) <= style.max_messages
    draft.finish()
    assert draft.parts[: len(complete)] == complete
    for part in draft.parts:
        check(part, limit)
    assert not style.max_messages or len(draft.parts) <= style.max_messages
    assert draft.text == text


@settings(max_examples=150, deadline=None)
@given(RICH, CUTS, st.sampled_from([300, 2000]))
def test_no_marker_of_a_well_formed_reply_is_ever_left_open(text: str, cuts: list[int], limit: int) -> None:
    # Three backticks alone are text, but another three in their paragraph would make both the ends of code.
    assume(not any("(```)" in each and each.count("```") > 1 for each in text.split("\n\n")))
    draft = Draft(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
        for part in draft.parts:
            assert not stray(part.text), part
    draft.finish()
    for part in draft.parts:
        assert not stray(part.text), part


@settings(deadline=None)
@given(RICH)
def test_what_is_restyled_once_stays_as_it_is(text: str) -> None:
    once = restyled(text)
    assert restyled(once) == once  # after a crash, what Discord shows is taken for the reply


@settings(deadline=None)
@given(RICH, LIMITS, STYLES)
def test_every_word_of_a_reply_is_shown_or_in_a_file(text: str, limit: int, style: Style) -> None:
    assert not missing_words(text, draft_of(text, [], limit, style).parts)


@pytest.mark.parametrize(
    "text",
    [
        "`\n\n" + "$" * 40 + "`" * 70,
        "a ||| b " + "|" * 40,
        "<b> >",
        "<b> x</b> y",
        "<p>one</p>  <p>two</p>",
        "```py\n" + "word " * 60 + "```\n` more",
        "$$t\n$$",
    ],
)
def test_what_once_depended_on_the_deltas_does_not(text: str) -> None:
    for style in (Style(), Style(max_messages=1)):
        letters = list(range(1, len(text)))
        assert draft_of(text, letters, 200, style).parts == draft_of(text, [], 200, style).parts


def test_halves_of_a_character_in_two_deltas_are_joined() -> None:
    draft = Draft(200)
    draft.push("smile \ud83d")
    assert [part.text for part in draft.parts] == ["smile"]
    draft.push("\ude00.")
    assert [part.text for part in draft.parts] == ["smile 😀."]
    draft.push("\ud83d")
    draft.finish()
    assert [part.text for part in draft.parts] == ["smile 😀.\ufffd"]
    assert draft.text == "smile 😀.\ufffd"


def test_the_growing_message_is_read_once_while_no_text_comes() -> None:
    draft = Draft()
    draft.push("Some *text")
    assert draft.parts is draft.parts
    assert [part.text for part in draft.parts] == ["Some *text*"]
    draft.push(" and more")
    assert [part.text for part in draft.parts] == ["Some *text and more*"]


def test_a_draft_that_is_finished_takes_nothing_more() -> None:
    draft = draft_of("text")
    draft.finish()
    with pytest.raises(ValueError, match="finished"):
        draft.push("x")


CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.md"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
@pytest.mark.parametrize("limit", [300, 2000])
def test_a_real_looking_reply_is_whole_and_balanced_letter_by_letter(path: Path, limit: int) -> None:
    text = path.read_text()
    style = Style(code_file_lines=30)
    draft = Draft(limit, style)
    unclosed = {"*"} if path.stem == "nested_fences" else set[str]()
    for place, char in enumerate(text):
        draft.push(char)
        for part in draft.parts[-1:]:
            check(part, limit)
            if place % 5 == 0:  # reading takes long
                assert set(stray(part.text)) <= unclosed, part
    draft.finish()
    assert draft.parts == draft_of(text, [], limit, style).parts
    for part in draft.parts:
        check(part, limit)
        assert set(stray(part.text)) <= unclosed, part
    assert not missing_words(text, draft.parts)


@pytest.mark.parametrize(
    "piece",
    ["`", "|", "$", "\\[", "\\(x", "<", "<b>", "[", "![", "[^", "&", "~", "> ", "- ", "#### ", "| a |\n|---|\n",
     "$$\n",      "```math\n", "<!--", "```py\nx\n", "[![", "\n| a ", "$x ", "<a href=", "\\begin{align}", "1 | 2\n"],
)  # fmt: skip
def test_ten_thousand_of_anything_go_through_and_stay(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    draft = draft_of(text, list(range(0, 20_000, 7)), 2000)
    for part in draft.parts:
        check(part, 2000)
    shown = "".join(part.text for part in draft.parts)
    for char in set(piece) - set("\n #>-`|~$\\[(!<&^"):
        assert shown.count(char) >= text.count(char) // 2 or draft.parts[-1].files


def test_a_title_is_shown_while_it_may_still_be_one() -> None:
    draft = Draft()
    draft.push("A title")
    assert draft.parts == (Part("A title"),)
    draft.push("\n---\n")
    assert draft.parts == (Part("## A title"),)


def test_a_table_is_shown_row_by_row_while_it_comes() -> None:
    draft = Draft()
    draft.push("Look:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n| 3")
    assert draft.parts == (Part("Look:\n\n```\na  b\n─  ─\n1  2\n```"),)
    draft.push(" | 4 |\n")
    assert draft.parts == (Part("Look:\n\n```\na  b\n─  ─\n1  2\n3  4\n```"),)


@pytest.mark.parametrize("text", ["<p>", "<div>\n</div>\n", "<!-- -->", "<b></b>"])
def test_a_reply_of_which_nothing_would_be_left_is_shown_as_it_was_written(text: str) -> None:
    (part,) = draft_of(text).parts
    assert part.text.replace("\\", "") == text.strip()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello **An", "Hello **An**"),
        ("Hello **An\n", "Hello **An**"),
        ("- one\n- **two *and", "- one\n- **two *and***"),
        ("> ~~gone", "> ~~gone~~"),
        ("Run `ls -", "Run `ls -`"),
        ("It was ||the but", "It was ||the but||"),
        ("Hello **", "Hello"),
        ("A **whole** one, and", "A **whole** one, and"),
        ("**See [the label](https://exam", "**See [the label](https://exam**"),
        ("```py\nx = 1", "```py\nx = 1\n```"),
        ("Hello $x^2", "Hello $x^2"),
        ("*a footnote\n\nThe end", "\\*a footnote\n\nThe end"),
    ],
)
def test_what_is_open_where_a_reply_was_cut_off_is_closed_or_is_text(written: str, shown: str) -> None:
    draft = Draft()
    draft.push(written)
    draft.finish(truncated=True)
    assert [part.text for part in draft.parts] == [shown]
    assert draft.text == written


def test_what_is_open_where_a_reply_ends_by_itself_was_never_a_marker() -> None:
    assert [part.text for part in draft_of("so 2 * 3 and *x").parts] == ["so 2 * 3 and *x"]


@settings(max_examples=60, deadline=None)
@given(RICH, st.integers(0, 20_000), LIMITS)
def test_a_reply_may_be_cut_off_anywhere(text: str, place: int, limit: int) -> None:
    written = text[: place % (len(text) + 1)]
    draft = Draft(limit)
    draft.push(written)
    draft.finish(truncated=True)
    for part in draft.parts:
        check(part, limit)
    assert draft.text == written
