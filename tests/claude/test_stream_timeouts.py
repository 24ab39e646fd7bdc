from __future__ import annotations

from bot.claude.stream_timeouts import StreamTimeouts


def test_the_first_event_may_take_as_long_as_the_first_text() -> None:
    timeouts = StreamTimeouts(first_s=120, stall_s=60)
    assert timeouts.remaining_s() == 120
    timeouts.waited(119)
    assert timeouts.remaining_s() == 1


def test_after_the_first_event_silence_is_short() -> None:
    timeouts = StreamTimeouts(first_s=120, stall_s=60)
    timeouts.waited(10)
    timeouts.received("message_start")
    assert timeouts.remaining_s() == 60


def test_pings_alone_do_not_prolong_the_wait_for_ever() -> None:
    timeouts = StreamTimeouts(first_s=120, stall_s=60)
    timeouts.received("message_start")
    for _ in range(12):
        assert timeouts.remaining_s() > 0
        timeouts.waited(10)
        timeouts.received("ping")
    assert timeouts.remaining_s() == 0


def test_anything_but_a_ping_is_progress() -> None:
    timeouts = StreamTimeouts(first_s=120, stall_s=60)
    timeouts.waited(100)
    timeouts.received("content_block_delta")
    timeouts.waited(50)
    timeouts.received("ping")
    assert timeouts.remaining_s() == 60
    timeouts.waited(40)
    timeouts.received("ping")
    assert timeouts.remaining_s() == 30


def test_pings_never_shorten_the_wait_below_that_for_silence() -> None:
    timeouts = StreamTimeouts(first_s=10, stall_s=60)
    timeouts.received("ping")
    assert timeouts.remaining_s() == 60


def test_while_a_tool_runs_silence_may_be_as_long_as_before_the_first_text() -> None:
    timeouts = StreamTimeouts(first_s=120, stall_s=60)
    timeouts.received("content_block_stop")
    timeouts.tool_runs(runs=True)
    timeouts.waited(100)
    assert timeouts.remaining_s() == 20
    timeouts.received("content_block_start")
    timeouts.tool_runs(runs=False)
    assert timeouts.remaining_s() == 60
