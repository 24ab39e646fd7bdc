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


HELD = """
import asyncio, os, signal, threading
from bot import shutdown

shutdown.SHUTDOWN_S, shutdown.END_S = 1000.0, 0.1

async def main() -> None:
    stop = shutdown.Shutdown()
    stop.listen()
    os.kill(os.getpid(), signal.SIGTERM)
    await stop.requested()
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    stop.taken_down()
    print("taken down")

asyncio.run(main())
"""
"""The closing of the loop waits for a thread that never ends, as for a lookup in DNS."""


def test_a_loop_that_cannot_be_closed_does_not_hold_the_stop_up() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (0, "taken down\n"), ended.stderr


def test_the_time_limit_ends_before_the_interpreter_removes_its_signal_handlers() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["True", "0.0"]
