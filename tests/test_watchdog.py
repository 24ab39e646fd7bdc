"""A process whose loop is held ends by itself and says what held it; one that was only stopped goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.config import Exit
from bot.shutdown import SHUTDOWN_S

END_S = 60.0
PROMISED_S = 10.0


@contextmanager
def running(way: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A program that has begun to be held."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.held_loop", way],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "now\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("way", ["pattern", "python", "waiting"])
def test_a_held_loop_ends_the_process_with_a_code_and_the_frames_that_held_it(way: str) -> None:
    with running(way) as process:
        output, _ = process.communicate(timeout=END_S)
    assert process.returncode == Exit.LOOP_BLOCKED
    (line,) = output.splitlines()
    assert "loop_blocked" in line
    assert re.search(rf"tests/held_loop\.py:\d+ by_(a_)?{way} < [^ ]*tests/held_loop\.py:\d+ _bare", line)
    assert "aaaa" not in line


def test_what_lets_no_python_run_is_ended_by_the_kernel() -> None:
    with running("c") as process:
        process.communicate(timeout=END_S)
    assert process.returncode == -signal.SIGPROF


def test_a_process_that_is_stopped_for_longer_goes_on_afterwards() -> None:
    with running("nothing") as process:
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)  # several times what the watchdog of this process bears
        process.send_signal(signal.SIGCONT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=END_S)
    assert (process.returncode, output) == (0, "")


@pytest.mark.parametrize("way", ["pattern", "python", "waiting"])
def test_an_order_to_stop_is_followed_although_the_loop_is_held(way: str) -> None:
    assert SHUTDOWN_S < PROMISED_S
    with running(way, HELD_HURRIES="0", HELD_LEAVES_S="0.3") as process:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=END_S)
    assert process.returncode == 0
    assert "shutdown_timed_out" in output


@pytest.mark.parametrize("way", ["python", "waiting"])
def test_a_loop_that_is_held_for_some_seconds_is_logged_with_the_frames_that_hold_it(way: str) -> None:
    with running(way, HELD_SLOW="2") as process:
        output, _ = process.communicate(timeout=END_S)
    slow, blocked = output.splitlines()
    assert "loop_slow" in slow
    assert re.search(rf"tests/held_loop\.py:\d+ by_{way} < ", slow)
    assert "loop_blocked" in blocked
