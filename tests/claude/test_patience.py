from __future__ import annotations

from bot.claude.patience import Patience


def test_the_first_event_may_take_as_long_as_the_first_text() -> None:
    patience = Patience(first_s=120, stall_s=60, now=1000)
    assert patience.left_s(1000) == 120
    assert patience.left_s(1119) == 1


def test_after_the_first_event_silence_is_short() -> None:
    patience = Patience(first_s=120, stall_s=60, now=1000)
    patience.saw("message_start", 1010)
    assert patience.left_s(1010) == 60


def test_pings_alone_do_not_prolong_the_wait_for_ever() -> None:
    patience = Patience(first_s=120, stall_s=60, now=1000)
    for now in range(1000, 1120, 10):
        assert patience.left_s(now) > 0
        patience.saw("ping", now)
    assert patience.left_s(1120) == 0


def test_anything_but_a_ping_is_progress() -> None:
    patience = Patience(first_s=120, stall_s=60, now=1000)
    patience.saw("content_block_delta", 1100)
    patience.saw("ping", 1150)
    assert patience.left_s(1150) == 60
    assert patience.left_s(1210) == 10


def test_pings_never_shorten_the_wait_below_that_for_silence() -> None:
    patience = Patience(first_s=10, stall_s=60, now=1000)
    patience.saw("ping", 1000)
    assert patience.left_s(1000) == 60
