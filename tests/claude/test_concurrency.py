"""How many requests may run at once."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.concurrency import (
    FREE_SHARE,
    HOLD_MAX_S,
    PROBE_S,
    QUIET_S,
    REFILL_MAX_S,
    START,
    Concurrency,
    refill_s,
)

NOW = dt.datetime(2026, 7, 1, 12, 0, 0, tzinfo=dt.UTC)


def headers(kind: str, limit: object, remaining: object, reset_in_s: float) -> dict[str, str]:
    """What a response tells of one limit."""
    reset = NOW + dt.timedelta(seconds=reset_in_s)
    return {
        "date": format_datetime(NOW, usegmt=True),
        f"anthropic-ratelimit-{kind}-limit": str(limit),
        f"anthropic-ratelimit-{kind}-remaining": str(remaining),
        f"anthropic-ratelimit-{kind}-reset": reset.isoformat().replace("+00:00", "Z"),
    }


@given(st.integers(1, 100), st.lists(st.sampled_from(["begin", "accept", "refuse", "end"]), max_size=200))
def test_the_limit_stays_between_its_bounds_whatever_happens(ceiling: int, steps: list[str]) -> None:
    tested, now_s = Concurrency(ceiling), 0.0
    for step in steps:
        now_s += 1.0
        match step:
            case "begin":
                tested.begin(now_s)
            case "accept":
                tested.accepted(now_s)
            case "refuse":
                tested.refused(now_s, now_s - 0.5, None)
            case "end" if tested.running:
                tested.running -= 1
        assert 1 <= tested.limit <= ceiling
        assert tested.running <= ceiling


def test_while_all_are_accepted_the_limit_doubles_with_each_round() -> None:
    tested = Concurrency(1000)
    for round_ in (1, 2, 3):
        tested.running = tested.limit
        for _ in range(tested.running):
            tested.accepted(0.0)
        assert tested.limit == START * 2**round_


def test_few_requests_raise_no_limit_that_they_do_not_need() -> None:
    tested = Concurrency(1000)
    tested.running = 1
    for _ in range(100):
        tested.accepted(0.0)
    assert tested.limit == START


def test_requests_that_are_refused_together_halve_the_limit_once() -> None:
    tested = Concurrency(1000)
    tested.running = START
    assert tested.refused(1.0, 0.5, None)
    assert not tested.refused(1.1, 0.5, None)
    assert tested.limit == START // 2
    tested.running = START // 2
    assert tested.refused(3.0, 2.0, None)
    assert tested.limit == START // 4


def test_after_a_refusal_the_limit_grows_slowly_and_a_minute_later_fast_again() -> None:
    tested = Concurrency(1000)
    tested.running = 16
    tested.refused(0.0, 0.0, None)
    tested.running = 8
    for _ in range(8):
        tested.accepted(1.0)
    assert tested.limit in (8, 9)
    before = tested.limit
    for _ in range(8):
        tested.accepted(QUIET_S + 1)
    assert tested.limit == before + 8


def grown(tested: Concurrency, now_s: float, rounds: int) -> int:
    """The limit after so many rounds in each of which all are accepted."""
    for _ in range(rounds):
        tested.running = tested.limit
        for _ in range(tested.running):
            tested.accepted(now_s)
    return tested.limit


def test_after_an_overload_the_limit_grows_fast_to_where_it_was() -> None:
    tested = Concurrency(1000)
    tested.running = 32
    for second in range(0, 30, 5):
        tested.refused(second, second, None, overloaded=True)
        tested.running = tested.limit
    assert tested.limit == 1
    assert grown(tested, 31.0, 5) == 32
    assert grown(tested, 31.0, 1) <= 33


def test_an_overload_leaves_what_the_limit_of_the_account_has_taught() -> None:
    tested = Concurrency(1000)
    tested.running = 32
    tested.refused(0.0, 0.0, None)
    tested.running = 16
    tested.refused(1.0, 1.0, None, overloaded=True)
    assert grown(tested, 2.0, 1) == 16
    assert grown(tested, 2.0, 1) <= 17


def test_long_replies_that_do_not_end_let_one_more_begin_now_and_then() -> None:
    tested = Concurrency(10)
    tested.running = 2
    tested.refused(0.0, 0.0, None)
    tested.running = 1
    assert not tested.begin(1.0)
    assert not tested.begin(PROBE_S)
    assert tested.begin(PROBE_S + 1)
    assert not tested.begin(PROBE_S + 2)
    assert not tested.begin(2 * PROBE_S + 1)
    assert tested.begin(2 * PROBE_S + 2)
    assert tested.refused(2 * PROBE_S + 3, 2 * PROBE_S + 2, None)
    assert tested.limit == 1


def test_a_wish_of_the_api_is_heeded_for_a_while_by_all_requests() -> None:
    tested = Concurrency(10)
    tested.refused(0.0, 0.0, 2.0)
    assert tested.held_s(0.0) == 2.0
    assert not tested.begin(1.9)
    assert tested.begin(2.1)
    tested.refused(3.0, 3.0, 3600.0)
    assert tested.held_s(3.0) == HOLD_MAX_S


@pytest.mark.parametrize("kind", ["requests", "tokens", "input-tokens", "output-tokens"])
def test_a_limit_that_is_used_up_holds_requests_until_a_part_is_free_again(kind: str) -> None:
    assert refill_s(headers(kind, 1000, 0, 60)) == pytest.approx(60 * FREE_SHARE)
    assert refill_s(headers(kind, 1000, 1000 * FREE_SHARE, 57)) == 0
    assert refill_s(headers(kind, 1000, 900, 6)) == 0
    tested = Concurrency(10)
    tested.told(0.0, headers(kind, 1000, 0, 60))
    assert not tested.begin(1.0)
    assert tested.begin(4.0)


def test_after_such_a_wait_no_more_begin_at_once_than_are_free() -> None:
    tested = Concurrency(50)
    tested.told(0.0, headers("requests", 120, 0, 60))
    assert tested.held_s(0.0) == pytest.approx(3.0)
    for began_s in (3.1, 6.2):  # without a word of the API in between
        assert [tested.begin(began_s) for _ in range(9)] == [True] * 6 + [False] * 3
    tested.told(6.2, headers("requests", 120, 60, 30))
    assert all(tested.begin(9.3) for _ in range(20))


def test_a_used_up_limit_of_tokens_bounds_no_requests_that_nothing_is_said_of() -> None:
    tested = Concurrency(50)
    tested.told(0.0, headers("tokens", 1000, 0, 60))
    assert all(tested.begin(4.0) for _ in range(20))


@given(st.integers(1, 10**7), st.floats(0, 1), st.floats(0, 600))
def test_what_is_free_after_the_wait_is_the_share_that_is_wanted(
    limit: int, share: float, full_s: float
) -> None:
    remaining = share * limit
    wait_s = refill_s(headers("tokens", limit, remaining, full_s))
    assert 0 <= wait_s <= REFILL_MAX_S
    if wait_s:
        assert remaining / limit < FREE_SHARE


@pytest.mark.parametrize(
    "told",
    [
        {},
        headers("requests", "many", 0, 60),
        headers("requests", 0, 0, 60),
        headers("requests", 10, -1, 60),
        headers("requests", "nan", 0, 60),
        headers("requests", 10, 0, -60),
        {**headers("requests", 10, 0, 60), "anthropic-ratelimit-requests-reset": "soon"},
        {**headers("requests", 10, 0, 60), "anthropic-ratelimit-requests-reset": "2026-07-01T12:00:00"},
        {**headers("requests", 10, 0, 60), "date": "today"},
    ],
)
def test_headers_that_say_nothing_hold_nothing(told: dict[str, str]) -> None:
    assert refill_s(told) == 0


def test_no_waiting_lets_more_begin_than_the_operator_wants() -> None:
    tested = Concurrency(3)
    begun = [tested.begin(second * PROBE_S) for second in range(20)]
    assert begun == [True] * 3 + [False] * 17
