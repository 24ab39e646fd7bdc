"""The title at the beginning of a reply, however the deltas split it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.elements import question
from bot.conversation.request import Parameters, PromptMessage, Request
from bot.conversation.title import (
    CLOSING,
    MAX_CHARS,
    OPENING,
    TITLE_REQUEST,
    TitleReader,
    may_begin_with_title,
)
from bot.conversation.visible import unforged
from tests.conversation.builders import asking, message

LINE = f"{OPENING}How looms work{CLOSING}"


def read(*deltas: str, complete: bool = True, expected: bool = True) -> tuple[str | None, str]:
    """The title and the text of a reply that arrives in these deltas."""
    reader = TitleReader(expected=expected)
    shown = [reader.feed(delta) for delta in deltas]
    shown.append(reader.end(complete=complete))
    assert reader.is_settled
    text = "".join(shown)
    assert reader.taken + text == "".join(deltas)
    return reader.title, text


pieces = st.lists(
    st.sampled_from(
        [OPENING, CLOSING, OPENING[:5], CLOSING[:4], "<", ">", "\n", " ", "word", "x" * 90, " " * 120, "</"]
    ),
    max_size=7,
).map("".join)


@given(st.one_of(pieces, pieces.map(lambda rest: OPENING + rest)), st.data(), st.booleans())
def test_the_deltas_never_change_what_a_title_and_what_text_is(
    reply: str, data: st.DataObject, complete: bool
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reply)), max_size=12)))
    deltas = [reply[start:end] for start, end in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    assert (
        read(*deltas, complete=complete) == read(*reply, complete=complete) == read(reply, complete=complete)
    )


@given(st.text(max_size=60), st.booleans())
def test_a_reply_without_a_title_is_passed_on_unchanged(text: str, expected: bool) -> None:
    if not text.lstrip().startswith(OPENING) and not OPENING.startswith(text.strip()):
        assert read(*text, complete=False, expected=expected) == (None, text)
    assert read(*text, expected=False) == (None, text)


@pytest.mark.parametrize(
    ("reply", "title", "text"),
    [
        (f"{LINE}\nLooms weave.", "How looms work", "Looms weave."),
        (f"\n {LINE}\r\n\n  Looms weave.\n", "How looms work", "Looms weave.\n"),
        (f"{LINE}Looms weave.", "How looms work", "Looms weave."),
        (f"{OPENING} How\n", None, ""),
        (f"{OPENING}How looms work\nLooms weave.", None, "Looms weave."),
        (f"{OPENING}\nHow looms work\n{CLOSING}\nLooms weave.", None, "Looms weave."),
        (f"{OPENING}{CLOSING}\nLooms weave.", None, "Looms weave."),
        (f"{OPENING}{'x' * MAX_CHARS}{CLOSING}\nLooms.", "x" * MAX_CHARS, "Looms."),
        (f"{OPENING}{'x' * 2 * MAX_CHARS}", None, "x" * 2 * MAX_CHARS),
        (f"{LINE}\n{LINE}\nLooms.", "How looms work", f"{LINE}\nLooms."),
        (f"Looms.\n{LINE}", None, f"Looms.\n{LINE}"),
        ("<title>Looms</title> is the tag.", None, "<title>Looms</title> is the tag."),
        (LINE, "How looms work", ""),
        ("", None, ""),
    ],
)
def test_the_first_line_is_the_title_if_it_has_both_tags(reply: str, title: str | None, text: str) -> None:
    assert read(*reply) == (title, text)


def test_text_that_cannot_become_a_title_is_passed_on_at_once() -> None:
    reader = TitleReader(expected=True)
    assert [reader.feed(delta) for delta in ("<", "th", "ou")] == ["", "", "<thou"]
    assert reader.is_settled
    assert reader.feed(OPENING) == OPENING


def test_a_title_is_known_at_its_closing_tag_before_any_text() -> None:
    reader = TitleReader(expected=True)
    reader.feed(f"{OPENING}Looms")
    assert not reader.is_settled
    reader.feed(CLOSING)
    assert (reader.is_settled, reader.title) == (True, "Looms")


@pytest.mark.parametrize("upto", range(1, len(LINE)))
def test_of_a_reply_that_breaks_off_within_its_title_nothing_is_shown(upto: int) -> None:
    assert read(*LINE[:upto], complete=False) == (None, "")


@pytest.mark.parametrize("text", ["<", "<thread", "  <"])
def test_a_complete_reply_may_be_what_a_title_begins_with(text: str) -> None:
    assert read(text) == (None, text)
    assert read(text, complete=False) == (None, "")


def test_the_request_for_a_title_follows_the_message_that_opens_a_thread() -> None:
    opening = message("how?", asks_title=True)
    later = message("and why?", number=11)
    asked = question([opening, later])
    assert asked.blocks == (*question([opening]).blocks, *question([later]).blocks)
    assert asked.blocks[1] == TITLE_REQUEST
    assert may_begin_with_title(requesting(asked))
    assert may_begin_with_title(requesting(asked, PromptMessage.of("assistant", "So."), *asking("and now?")))
    assert not may_begin_with_title(requesting(question([later])))
    assert not may_begin_with_title(requesting())


def requesting(*messages: PromptMessage) -> Request:
    return Request(Parameters("claude-test", 100), (), messages)


def test_security_nobody_can_write_what_asks_for_a_title() -> None:
    (block,) = question([message(TITLE_REQUEST.text)]).blocks
    assert block != TITLE_REQUEST
    assert OPENING not in str(block)
    assert unforged(LINE) == LINE.replace("<", "&lt;")
