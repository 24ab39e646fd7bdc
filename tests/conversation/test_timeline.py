"""The timeline of a turn is bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.timeline import (
    MOST_ATTEMPTS,
    MOST_CALLS,
    MOST_FAILURES,
    MOST_MESSAGES,
    MOST_NAMES,
    MOST_NUMBERS,
    MOST_REQUESTS,
    AttemptTimeline,
    StreamedRequest,
    TimedCall,
    added,
    bounded,
    joined,
)
from bot.store.codec import dump_timeline

PAIRS = st.lists(st.tuples(st.integers(0, 5000), st.integers(1, 80)), max_size=400).map(
    lambda pairs: tuple(number for pair in pairs for number in pair)
)


@given(PAIRS)
def test_joining_deltas_loses_neither_time_nor_text_and_keeps_the_first(deltas: tuple[int, ...]) -> None:
    made = joined(deltas)
    assert made[:2] == deltas[:2]
    assert sum(made[::2]) == sum(deltas[::2])
    assert sum(made[1::2]) == sum(deltas[1::2])
    assert len(made) % 2 == 0
    assert len(made) < len(deltas) or len(deltas) <= 4


@given(st.lists(PAIRS, max_size=30))
def test_an_attempt_fits_however_much_it_streamed(streams: list[tuple[int, ...]]) -> None:
    attempt = AttemptTimeline(
        1,
        requests=tuple(
            StreamedRequest("reply", deltas=each, blocks=("web_search",) * 70, failed=("ClaudeBusy",) * 70)
            for each in streams
        ),
        found=(5,) * 30,
        shown=(5,) * 30,
        calls=tuple(TimedCall("time_in", at) for at in range(len(streams)) for _ in range(4)),
        failures=("DiscordUnavailable",) * 50,
        refused=((1, 0, 503, 0, 0),) * 50,
    )
    made = bounded(attempt)
    kept = streams[-MOST_REQUESTS:]
    assert [each.characters for each in made.requests] == [sum(each[1::2]) for each in kept]
    assert sum(len(each.deltas) for each in made.requests) <= MOST_NUMBERS
    assert len(made.calls) <= MOST_CALLS
    assert all(0 <= each.request < len(made.requests) for each in made.calls)
    assert len(made.failures) <= MOST_FAILURES
    assert len(made.refused) <= MOST_FAILURES
    assert sum(len(each.blocks) for each in made.requests) <= MOST_NAMES
    assert sum(len(each.failed) for each in made.requests) <= MOST_NAMES
    assert len(made.found) == len(made.shown) == MOST_MESSAGES


@pytest.mark.parametrize(("pieces", "most"), [(40, 500), (200, 700), (2000, 750)])
def test_the_timeline_of_a_reply_takes_few_bytes(pieces: int, most: int) -> None:
    deltas = (500, 42, *(200, 42) * pieces)
    attempt = AttemptTimeline(1, requests=(StreamedRequest("reply", 310, deltas),), shown=(1900,), edits=12)
    assert len(dump_timeline(added((), attempt))) < most


def test_what_fits_stays_as_it_is() -> None:
    attempt = AttemptTimeline(
        1, requests=(StreamedRequest("reply", 5, (1, 2, 3, 4)),), calls=(TimedCall("a", 0),)
    )
    assert bounded(attempt) == attempt


def test_an_attempt_replaces_its_own_earlier_state_and_those_of_earlier_answers_go() -> None:
    earlier = (AttemptTimeline(1, 0), AttemptTimeline(1, 1), AttemptTimeline(2, 1))
    now = AttemptTimeline(2, 1, found=(5,))
    assert added(earlier, now) == (AttemptTimeline(1, 1), now)


def test_the_latest_attempts_are_kept() -> None:
    timeline: tuple[AttemptTimeline, ...] = ()
    for number in range(1, 9):
        timeline = added(timeline, AttemptTimeline(number))
    assert [each.number for each in timeline] == list(range(9 - MOST_ATTEMPTS, 9))


def test_an_attempt_that_was_postponed_keeps_what_it_has_requested_and_what_was_refused() -> None:
    asked = AttemptTimeline(
        2,
        found=(3,),
        requests=(StreamedRequest("reply"),),
        posts=1,
        edits=4,
        failures=("DiscordNotNow",),
        refused=((0, 1, 0, 0, 300),),
    )
    shown = AttemptTimeline(
        2,
        shown=(9, 9),
        posts=1,
        edits=1,
        failures=("DiscordUnavailable", "Fenced"),
        refused=((1, 1, 503, 0, 0),),
    )
    (made,) = added((asked,), shown)
    assert made == AttemptTimeline(
        2,
        found=(3,),
        requests=asked.requests,
        shown=(9, 9),
        posts=2,
        edits=5,
        failures=("DiscordNotNow", "DiscordUnavailable", "Fenced"),
        refused=((0, 1, 0, 0, 300), (1, 5, 503, 0, 0)),
    )
    assert added((asked,), AttemptTimeline(2, requests=(StreamedRequest("retry"),)))[0].refused == ()


def test_what_discord_refuses_takes_few_bytes_and_nothing_if_it_refuses_nothing() -> None:
    sizes = [
        len(dump_timeline((AttemptTimeline(1, refused=((0, 1, 403, 50013, 0),) * count),)))
        for count in range(3)
    ]
    assert sizes == [14, 14 + 30, 14 + 30 + 18]
