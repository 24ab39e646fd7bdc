"""How far behind the gateway is, as discord.py tells it."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.gateway.connection.keep_alive import KeepAlive

INTERVAL_S = 41.25


def beating() -> KeepAlive:
    """A heartbeat of a connection that has just greeted."""
    ws = SimpleNamespace(thread_id=0, _max_heartbeat_timeout=60.0, sequence=1, HEARTBEAT=1)
    return KeepAlive(ws=cast("Any", ws), interval=INTERVAL_S, shard_id=None)


def pass_by(beat: KeepAlive) -> None:
    """Let an interval pass."""
    beat._last_send -= INTERVAL_S
    beat._last_ack -= INTERVAL_S


def test_no_answer_that_comes_before_the_sending_is_noted_is_an_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    beat = beating()
    with caplog.at_level(logging.WARNING, logger="discord.gateway"):
        for _ in range(4):
            pass_by(beat)
            beat.get_payload()
            beat.ack()
            assert beat.latency < 1
            # discord.py's thread notes the sending only now.
            beat._last_send = time.perf_counter()
    assert not caplog.records


def test_no_answer_that_comes_after_the_sending_is_noted_is_an_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    beat = beating()
    with caplog.at_level(logging.WARNING, logger="discord.gateway"):
        for _ in range(4):
            pass_by(beat)
            beat.get_payload()
            beat._last_send = time.perf_counter()
            beat.ack()
    assert not caplog.records


def test_an_answer_that_comes_late_is_one(caplog: pytest.LogCaptureFixture) -> None:
    beat = beating()
    beat.get_payload()
    pass_by(beat)
    with caplog.at_level(logging.WARNING, logger="discord.gateway"):
        beat.ack()
    assert beat.latency > INTERVAL_S - 1
    assert "Can't keep up" in caplog.text
