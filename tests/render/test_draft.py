"""What must hold for every reply as Discord shows it: restyled, laid out, and with its files."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.draft import Draft
from bot.render.mark import is_marked, marked
from bot.render.part import FILES_MAX, Part
from bot.render.style import Style
from tests.render.markdown import ANY_REPLY
from tests.render.rich import ANY_RICH, RICH, missing_words
from tests.render.test_layout import CUTS, LIMITS, is_sendable, open_fence, stray_markers

STYLES = st.builds(Style, st.sampled_from([0, 3, 12]), st.sampled_from([0, 1, 2, 4]))


def draft_of(
    text: str, cuts: list[int] | None = None, limit: int = 2000, style: Style | None = None
) -> Draft:
    draft = Draft(limit, style)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts or ()), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
    draft.finish()
    return draft


def check(part: Part, limit: int) -> None:
    assert is_sendable(part.text, limit)
    assert not is_marked(part.text)
    assert not open_fence(part.text)
    assert len(part.files) <= FILES_MAX


@settings(deadline=None)
@given(st.one_of(ANY_RICH, ANY_REPLY), CUTS, LIMITS, STYLES)
def test_what_is_shown_does_not_depend_on_the_deltas(
    text: str, cuts: list[int], limit: int, style: Style
) -> None:
    assert draft_of(text, cuts, limit, style).parts == draft_of(text, [], limit, style).parts


@settings(max_examples=60, deadline=None)
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
    draft = Draft(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
        for part in draft.parts:
            assert not stray_markers(part.text), part
    draft.finish()
    for part in draft.parts:
        assert not stray_markers(part.text), part


@settings(deadline=None)
@given(RICH, LIMITS, STYLES)
def test_every_word_of_a_reply_is_shown_or_in_a_file(text: str, limit: int, style: Style) -> None:
    assert not missing_words(text, draft_of(text, [], limit, style).parts)


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


def test_a_draft_that_is_finished_takes_nothing_more() -> None:
    draft = draft_of("text")
    draft.finish()
    with pytest.raises(ValueError, match="finished"):
        draft.push("x")
