"""How far behind the gateway is, as discord.py tells it."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.gateway.keep_alive import KeepAlive

INTERVAL_S = 41.25


def beating() -> KeepAlive:
    """A heartbeat whose last one was answered an interval ago."""
    ws = SimpleNamespace(thread_id=0, _max_heartbeat_timeout=60.0)
    beat = KeepAlive(ws=cast("Any", ws), interval=INTERVAL_S, shard_id=None)
    beat._last_send = time.perf_counter() - INTERVAL_S
    beat._last_ack = beat._last_send + 0.001
    return beat


def test_an_answer_that_comes_before_the_sending_is_noted_is_no_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    beat = beating()
    with caplog.at_level(logging.WARNING, logger="discord.gateway"):
        beat.ack()
    assert beat.latency < 1
    assert not caplog.records


def test_an_answer_that_comes_late_is_one(caplog: pytest.LogCaptureFixture) -> None:
    beat = beating()
    beat._last_ack = beat._last_send - 1
    with caplog.at_level(logging.WARNING, logger="discord.gateway"):
        beat.ack()
    assert beat.latency > INTERVAL_S - 1
    assert "Can't keep up" in caplog.text
