"""The time limit of a shutdown, seen from the end of the process."""

from __future__ import annotations

import subprocess
import sys

ENDING = """
import asyncio, os, signal
from bot.shutdown import Shutdown

class Last:
    def __del__(self) -> None:
        print(signal.getitimer(signal.ITIMER_REAL)[0])

async def main() -> None:
    shutdown = Shutdown()
    shutdown.listen()
    os.kill(os.getpid(), signal.SIGTERM)
    await shutdown.requested()
    print(signal.getitimer(signal.ITIMER_REAL)[0] > 0)

asyncio.run(main())
last = Last()
"""
"""`last` is collected after Python has removed its signal handlers."""


def test_the_time_limit_ends_before_the_interpreter_removes_its_signal_handlers() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["True", "0.0"]
