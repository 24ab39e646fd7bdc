from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.retries import PATIENCE_S, WAITS, wait_s
from bot.conversation.errors import (
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
)


def wait(
    error: ClaudeError, *, failed: int = 1, lost: int = 0, waited_s: float = 0, jitter: float = 0
) -> float | None:
    return wait_s(error, failed=failed, lost=lost, waited_s=waited_s, tries=3, jitter=jitter)


@pytest.mark.parametrize(
    "error_class",
    [
        ClaudeBlocked,
        ClaudeKeyRefused,
        ClaudeModelUnknown,
        ClaudeRefusedRequest,
        ClaudeSpendLimit,
        ClaudeTooLong,
        ClaudeError,
    ],
)
def test_only_what_may_pass_is_tried_again(error_class: type[ClaudeError]) -> None:
    assert wait(error_class()) is None


def test_waits_double_up_to_a_limit() -> None:
    waits = [wait(ClaudeUnreachable(), failed=failed, jitter=1) for failed in range(1, 7)]
    assert waits == [1, 2, 4, 8, 8, 8]


@given(st.floats(0, 1, exclude_max=True))
def test_what_costs_nothing_is_waited_for_as_long_as_a_person_would_wait(jitter: float) -> None:
    waited, failed = 0.0, 0
    while (
        next_s := wait(ClaudeBusy(), failed=(failed := failed + 1), waited_s=waited, jitter=jitter)
    ) is not None:
        waited += next_s
    assert PATIENCE_S - WAITS.longest_s <= waited <= PATIENCE_S


def test_what_may_be_paid_for_is_tried_three_times_however_long_that_takes() -> None:
    assert wait(ClaudeUnreachable(), failed=2, lost=2) is not None
    assert wait(ClaudeUnreachable(), failed=3, lost=3) is None


def test_an_overload_that_follows_a_lost_try_is_not_waited_for_without_end() -> None:
    assert wait(ClaudeBusy(), failed=2, lost=1, waited_s=PATIENCE_S) is None


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_none_and_never_long(failed: int, jitter: float) -> None:
    wait_s = wait(ClaudeBusy(), failed=failed, jitter=jitter)
    assert wait_s is not None
    assert 0.5 <= wait_s <= WAITS.longest_s


@given(st.floats(0, 60), st.floats(0, 1, exclude_max=True))
def test_the_api_is_never_asked_sooner_than_it_wishes(wish: float, jitter: float) -> None:
    wait_s = wait(ClaudeBusy(retry_after=wish), jitter=jitter)
    assert wait_s is not None
    assert wish <= wait_s <= wish + 1


def test_leave_to_come_back_at_once_is_no_order_to_ask_all_the_time() -> None:
    assert wait(ClaudeBusy(retry_after=0), failed=9, jitter=0) == WAITS.longest_s / 2


@given(st.floats(0, 60), st.floats(0, 60))
def test_a_wish_that_leads_beyond_a_minute_is_not_waited_for(wish: float, waited: float) -> None:
    granted = wait(ClaudeBusy(retry_after=wish), waited_s=waited) is not None
    assert granted is (waited + wish <= PATIENCE_S)


@given(st.floats(PATIENCE_S, exclude_min=True))
def test_a_wish_of_much_more_than_a_minute_is_not_waited_for(wish: float) -> None:
    assert wait(ClaudeBusy(retry_after=wish)) is None
    assert wait(ClaudeBusy(retry_after=wish), lost=1) is None
