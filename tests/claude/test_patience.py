from __future__ import annotations

from bot.claude.patience import Patience


def test_the_first_event_may_take_as_long_as_the_first_text() -> None:
    patience = Patience(first_s=120, stall_s=60)
    assert patience.left_s() == 120
    patience.waited(119)
    assert patience.left_s() == 1


def test_after_the_first_event_silence_is_short() -> None:
    patience = Patience(first_s=120, stall_s=60)
    patience.waited(10)
    patience.saw("message_start")
    assert patience.left_s() == 60


def test_pings_alone_do_not_prolong_the_wait_for_ever() -> None:
    patience = Patience(first_s=120, stall_s=60)
    patience.saw("message_start")
    for _ in range(12):
        assert patience.left_s() > 0
        patience.waited(10)
        patience.saw("ping")
    assert patience.left_s() == 0


def test_anything_but_a_ping_is_progress() -> None:
    patience = Patience(first_s=120, stall_s=60)
    patience.waited(100)
    patience.saw("content_block_delta")
    patience.waited(50)
    patience.saw("ping")
    assert patience.left_s() == 60
    patience.waited(40)
    patience.saw("ping")
    assert patience.left_s() == 30


def test_pings_never_shorten_the_wait_below_that_for_silence() -> None:
    patience = Patience(first_s=10, stall_s=60)
    patience.saw("ping")
    assert patience.left_s() == 60
