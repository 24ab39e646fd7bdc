"""Bots by the dozen: loads the libraries once, and forks a process for each bot that is asked for.

Run as `python -m tests.engine.nursery`. Standard input takes one JSON object a line: `environment`, `arguments`,
and `output`, the file for what the bot says. Standard output tells `{"born": <pid>}` for each, in order, and
`{"ended": <pid>, "code": <exit code>}`. At the end of the input, every bot is killed. Linux and macOS only; what
is forked has opened nothing, run no thread and no event loop.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from tests.engine.bot import Bot

ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """The parent's end: starts bots."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._born: asyncio.Queue[int] = asyncio.Queue()
        self._bots: dict[int, Bot] = {}
        self._ended: dict[int, int] = {}
        self._one_at_a_time = asyncio.Lock()
        self._reader = asyncio.create_task(self._read(), name="nursery")

    @classmethod
    async def start(cls) -> Nursery:
        """Load the libraries."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.engine.nursery",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def bot(self, environment: dict[str, str], output: Path) -> Bot:
        """Start a bot."""
        if self._process.stdin is None:
            raise RuntimeError("the nursery has no input")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        order = {
            "environment": {**kept, "BOT_TELEMETRY__LOG_FORMAT": "json", **environment},
            "arguments": ["run", "--strict"],
            "output": str(output),
        }
        async with self._one_at_a_time:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._born.get()
        bot = self._bots[pid] = Bot(pid, output)
        if pid in self._ended:
            bot.end(self._ended.pop(pid))
        return bot

    async def close(self) -> None:
        """Kill every bot and end."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        if self._process.stdout is None:
            return
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "born" in told:
                self._born.put_nowait(told["born"])
            elif (bot := self._bots.get(told["ended"])) is not None:
                bot.end(told["code"])
            else:
                self._ended[told["ended"]] = told["code"]


def main() -> None:
    from tests.engine import points_bot

    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    alive: set[int] = set()
    buffered = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _reap(alive)
        if 0 in ready:
            if not (data := os.read(0, 1 << 16)):
                break
            *lines, buffered = (buffered + data).split(b"\n")
            for line in lines:
                pid = os.fork()
                if pid == 0:
                    signal.set_wakeup_fd(-1)
                    os.close(woken)
                    os.close(wake)
                    _become_a_bot(json.loads(line), points_bot)
                alive.add(pid)
                _tell(born=pid)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _reap(alive: set[int]) -> None:
    for pid in list(alive):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            alive.discard(pid)
            _tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def _tell(**told: int) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


def _become_a_bot(order: dict[str, Any], points_bot: Any) -> NoReturn:
    code: object = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["bot", *order["arguments"]]
        random.seed()
        points_bot.prepare()
        points_bot.main()
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 - this process has nobody above it to tell
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


if __name__ == "__main__":
    main()
