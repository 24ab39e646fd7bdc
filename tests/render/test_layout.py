"""What must hold for every reply, however it is cut into deltas."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.render.layout import Layout
from bot.render.lines import FENCE_INFO_MAX_CHARS, FENCE_MARKER_MAX_CHARS, QUOTE_DEPTH_MAX
from bot.render.mark import is_marked, marked
from bot.render.measure import is_visible, units
from tests.render.discord import stray
from tests.render.markdown import ANY_REPLY, PLAIN_REPLY
from tests.render.whole import lay_out, put_together

LIMITS = st.sampled_from([160, 200, 333, 2000])
CUTS = st.lists(st.integers(0, 20_000), max_size=30)


def is_sendable(content: str, limit: int) -> bool:
    """Whether Discord takes it and shows all of it."""
    return units(content) <= limit and content == content.strip() and is_visible(content)


def open_fence(content: str) -> str:
    """The marker of a code block that a message leaves open; one in a quote ends with its quote.

    The first line of a message may have lost its indentation; then its block may end further to the right.
    """
    return _open_fence(content, 3) and _open_fence(content, 1000)


def _open_fence(content: str, first_farthest: int) -> str:
    marker, depth, farthest = "", 0, 0
    for number, line in enumerate(content.split("\n")):
        quotes = re.match(rf" {{0,3}}(?:> ?){{0,{QUOTE_DEPTH_MAX}}}", line)
        assert quotes is not None
        if marker and quotes.group().count(">") < depth:
            marker = ""
        if not marker:
            depth = quotes.group().count(">")
        rest = re.sub(r" {0,3}> ?", "", line, count=depth) if depth else line
        found = re.match(r"([ \t]*(?:(?:[-*+]|\d+[.)])[ \t]+)*)(`{3,}|~{3,})(.*)", rest)
        if found is None or len(found[3]) > FENCE_INFO_MAX_CHARS:
            continue
        lead, run, info = found.groups()
        if not marker and len(run) <= FENCE_MARKER_MAX_CHARS:
            marker = "" if run[0] == "`" and "`" in info else run
            farthest = len(lead) + 3 if number else first_farthest
        elif marker and run[0] == marker[0] and len(run) >= len(marker) and not info.strip():
            marker = marker if lead.strip() or len(lead) > farthest else ""
    return marker


@settings(deadline=None)
@given(ANY_REPLY, CUTS, LIMITS)
def test_where_a_reply_is_cut_into_messages_does_not_depend_on_its_deltas(
    text: str, cuts: list[int], limit: int
) -> None:
    assert lay_out(text, cuts, limit).texts == lay_out(text, [], limit).texts


@settings(deadline=None)
@given(ANY_REPLY, LIMITS)
def test_the_messages_are_the_reply(text: str, limit: int) -> None:
    draft = lay_out(text, [], limit)
    assert put_together(text, draft.pieces) is None


@settings(max_examples=150, deadline=None)
@example("```py\n```\xa0", [], 160)
@example("\n> ```\n\n>", [], 160)
@given(ANY_REPLY, CUTS, LIMITS)
def test_at_every_moment_each_message_can_be_sent_and_complete_ones_stay(
    text: str, cuts: list[int], limit: int
) -> None:
    draft = Layout(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    complete: tuple[str, ...] = ()
    for start, end in pairwise(places):
        draft.push(text[start:end])
        parts = draft.texts
        assert parts[: len(complete)] == complete
        complete = parts[: draft.complete]
        for part in parts:
            assert is_sendable(part, limit)
            assert is_sendable(marked(part), limit)
            assert not is_marked(part)
            assert not open_fence(part)
    draft.finish()
    assert draft.texts[: len(complete)] == complete
    for part in draft.texts:
        assert is_sendable(part, limit)
        assert not is_marked(part)
        assert not open_fence(part)


@settings(max_examples=150, deadline=None)
@given(PLAIN_REPLY, CUTS, st.sampled_from([300, 2000]))
def test_at_every_moment_no_marker_of_a_well_formed_reply_is_left_open(
    text: str, cuts: list[int], limit: int
) -> None:
    draft = Layout(limit)
    places = [0, *sorted(place % (len(text) + 1) for place in cuts), len(text)]
    for start, end in pairwise(places):
        draft.push(text[start:end])
        for part in draft.texts:
            assert not stray(part), part
    draft.finish()
    for part in draft.texts:
        assert not stray(part), part


def test_code_that_is_cut_off_keeps_what_looks_like_the_mark_of_a_quote() -> None:
    assert lay_out("```\nfoo\n>>>", [], 2000).texts == ("```\nfoo\n>>>\n```",)
