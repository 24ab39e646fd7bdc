from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.claude.retries import LONGEST_WAIT_S, wait_s
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
)


@pytest.mark.parametrize(
    "error_class",
    [
        ClaudeKeyRefused,
        ClaudeModelUnknown,
        ClaudeRefusedRequest,
        ClaudeSpendLimit,
        ClaudeTooLong,
        ClaudeError,
    ],
)
def test_only_what_may_pass_is_tried_again(error_class: type[ClaudeError]) -> None:
    assert wait_s(error_class(), failed=1, tries=3, jitter=0) is None


def test_waits_double_up_to_a_limit() -> None:
    waits = [wait_s(ClaudeUnreachable(), failed=failed, tries=9, jitter=1) for failed in range(1, 7)]
    assert waits == [1, 2, 4, 8, 8, 8]


def test_the_tries_come_to_an_end() -> None:
    assert wait_s(ClaudeBusy(), failed=2, tries=3, jitter=0) is not None
    assert wait_s(ClaudeBusy(), failed=3, tries=3, jitter=0) is None


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_never_none_and_never_long(failed: int, jitter: float) -> None:
    wait = wait_s(ClaudeBusy(), failed=failed, tries=99, jitter=jitter)
    assert wait is not None
    assert 0.5 <= wait <= LONGEST_WAIT_S


@given(st.floats(0, 60), st.floats(0, 1, exclude_max=True))
def test_the_api_is_never_asked_sooner_than_it_wishes(wish: float, jitter: float) -> None:
    wait = wait_s(ClaudeBusy(retry_after=wish), failed=1, tries=3, jitter=jitter)
    assert wait is not None
    assert wish <= wait <= wish + 1


@given(st.floats(60, exclude_min=True))
def test_a_wish_of_more_than_a_minute_is_not_waited_for(wish: float) -> None:
    assert wait_s(ClaudeBusy(retry_after=wish), failed=1, tries=3, jitter=0) is None
