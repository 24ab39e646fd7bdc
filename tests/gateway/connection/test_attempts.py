"""How often the gateway is tried."""

from __future__ import annotations

import pytest

from bot.gateway.connection.attempts import (
    BACKOFF_MAX_S,
    HANDSHAKE_S,
    RETRY_AFTER_MAX_S,
    SILENCE_MAX_S,
    Attempts,
)

DAY_S = 24 * 3600.0
LIMIT = 1000


def latest() -> float:
    """The longest pause that the spread allows."""
    return 0.999


def test_the_first_try_does_not_wait_and_each_further_one_does() -> None:
    attempts = Attempts(0.0, latest)
    pauses = [attempts.begin(0.0, identify=False) for _ in range(5)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert pauses[1] > 0.5


def test_however_long_an_outage_lasts_there_is_a_try_each_minute() -> None:
    attempts = Attempts(0.0, latest)
    for _ in range(2000):
        assert attempts.begin(0.0, identify=False) + HANDSHAKE_S < 60
        assert attempts.begin(0.0, identify=False) <= BACKOFF_MAX_S


def test_a_gateway_that_has_answered_is_tried_at_once_again() -> None:
    attempts = Attempts(0.0, latest)
    for _ in range(10):
        attempts.begin(0.0, identify=False)
    attempts.established()
    assert attempts.begin(0.0, identify=False) == 0


@pytest.mark.parametrize("each_s", [0.1, SILENCE_MAX_S, 60.0])
def test_two_instances_stay_below_the_limit_of_identifies_for_a_day(each_s: float) -> None:
    attempts, now_s, count = Attempts(0.0), 0.0, 0
    while now_s < DAY_S:
        now_s += max(each_s, attempts.begin(now_s, identify=True))
        if attempts.begin(now_s, identify=True) <= BACKOFF_MAX_S:
            attempts.identified(now_s)
            count += 1
    assert 100 < count < LIMIT / 2


def test_an_outage_of_an_hour_identifies_each_minute() -> None:
    attempts = Attempts(0.0)
    for minute in range(60):
        assert attempts.begin(60.0 * minute, identify=True) <= BACKOFF_MAX_S
        attempts.identified(60.0 * minute)


def test_a_gateway_that_wants_to_be_left_alone_is_though_not_for_ever() -> None:
    attempts = Attempts(0.0)
    attempts.retry_after(0.0, 120.0)
    assert attempts.begin(20.0, identify=False) == 100.0
    attempts.retry_after(0.0, 1e9)
    assert attempts.begin(0.0, identify=False) == RETRY_AFTER_MAX_S


@pytest.mark.parametrize("identify", [False, True])
@pytest.mark.parametrize("attempt_s", [0.0, 3.0, HANDSHAKE_S], ids=["refused", "closed", "silent"])
@pytest.mark.parametrize("outage_s", [1.0, 40.0, 300.0, 1100.0, 4 * 3600.0])
def test_an_outage_ends_within_a_minute_of_discords_return(
    outage_s: float, attempt_s: float, identify: bool
) -> None:
    attempts, now_s = Attempts(0.0, latest), 0.0
    while True:
        now_s += attempts.begin(now_s, identify=identify)
        if now_s >= outage_s:
            break
        now_s += attempt_s
    assert now_s - outage_s < 60


def test_an_attempt_that_the_return_of_discord_meets_half_way_is_followed_by_another_within_a_minute() -> (
    None
):
    assert HANDSHAKE_S + BACKOFF_MAX_S < 60


def test_what_discord_has_left_of_the_daily_limit_is_shared_with_others() -> None:
    attempts = Attempts(0.0)
    attempts.starts_left(0.0, 20, DAY_S)
    count, now_s = 0, 0.0
    while attempts.begin(now_s, identify=True) <= BACKOFF_MAX_S:
        attempts.identified(now_s)
        count += 1
        now_s += 1.0
    assert count == 10
    attempts.starts_left(now_s, 1000, DAY_S)
    assert attempts.begin(now_s, identify=True) > BACKOFF_MAX_S, "a later answer gives nothing back"


def test_a_limit_that_is_used_up_is_waited_for_however_long_and_a_session_is_resumed_meanwhile() -> None:
    attempts = Attempts(0.0)
    attempts.starts_left(0.0, 0, 7200.0)
    assert attempts.begin(0.0, identify=True) == 7200.0
    assert attempts.begin(0.0, identify=False) <= BACKOFF_MAX_S
    assert attempts.begin(7200.0, identify=True) <= BACKOFF_MAX_S
