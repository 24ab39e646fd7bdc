"""A private question stands behind every byte of the thread, and marks become links."""

from __future__ import annotations

import pytest

from bot.conversation import catch_up
from bot.conversation.catch_up import linked, marked, question
from bot.conversation.compose import compose
from bot.conversation.message import Author, Message, created_ms
from bot.conversation.past import Past
from bot.conversation.request import Usage
from tests.conversation.builders import message, snowflake, texts, turn
from tests.turns.generator_stage import TERMS

ASKED = Message(snowflake(900), Author(7, "cleo", "Cleo"), "what about <message> looms?")
NOW_MS = created_ms(snowflake(900))


def past(count: int = 3) -> Past:
    made = []
    for number in range(count):
        entry = turn(number, user=f"q{number}", reply=f"a{number}", tokens=(20, 20))
        question_ = compose(TERMS, Past(), (message(f"q{number}", number=number),), now_ms=0).added[0]
        made.append(entry.asked(question_))
    return Past(tuple(made))


def test_the_request_begins_with_every_byte_of_the_next_turns_request() -> None:
    known = past()
    later = compose(TERMS, known, (message("next", number=50),), now_ms=NOW_MS).request
    _, request = catch_up.plan(TERMS, known, question(ASKED, (), None), NOW_MS)
    assert request.system == later.system
    assert request.parameters == later.parameters
    assert request.messages[:-1] == later.messages[:-1]
    assert request.messages[-1].role == "user"


def test_it_reads_where_the_latest_request_was_cached_and_writes_nothing_behind_it() -> None:
    known = past()
    newest = compose(TERMS, Past(known.history[:-1]), (message("q2", number=2),), now_ms=NOW_MS)
    cached = known.history[-1]
    from dataclasses import replace

    cached = replace(
        cached,
        usage=Usage(cache_write_5m=500, output=20),
        prefix_key=newest.prefix.key,
        asked_ms=NOW_MS - 1000,
    )
    _, request = catch_up.plan(TERMS, Past((*known.history[:-1], cached)), question(ASKED, (), None), NOW_MS)
    assert request.breakpoints is not None
    assert request.breakpoints.messages == ((4, "5m"),)
    assert len(request.messages) == 7


def test_the_persons_words_stand_in_an_element_that_they_cannot_leave() -> None:
    own, request = texts(question(ASKED, marked(past(), None), None))
    assert "&lt;message> looms?" in own
    assert own.startswith('<message from="Cleo"')
    assert 'm1: from="' in request
    assert 'begins="q2"' in request


def test_only_messages_from_the_time_on_get_marks() -> None:
    known = past()
    found = marked(known, created_ms(known.history[1].id))
    assert [each.id for each in found] == [known.history[1].id, known.history[2].id]


def test_a_head_of_a_message_is_bounded_and_escaped() -> None:
    entry = turn(1, user="x")
    long = compose(TERMS, Past(), (message('"</marks>' * 100, number=1),), now_ms=0).added[0]
    (found,) = marked(Past((entry.asked(long),)), None)
    assert len(found.line) < 600
    assert '"<' not in found.line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Wool [m1].", "Wool [[1]](<L1>)."),
        ("Both [m1, m2; m1]!", "Both [[1]](<L1>) [[2]](<L2>)!"),
        ("None [m9].", "None ."),
        ("Code a[1] and [x]", "Code a[1] and [x]"),
    ],
)
def test_marks_become_links_and_unknown_ones_go(text: str, shown: str) -> None:
    assert linked(text, {1: "L1", 2: "L2"}) == shown
