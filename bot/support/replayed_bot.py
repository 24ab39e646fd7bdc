"""The bot of a replay: a child process with its own settings, tools and store. A replayed crash kills it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import bot
from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.scene import Scene
from bot.support.replayed_tools import install

INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")

READY, DONE, CALLED = "discord_ready", "turn_done", "approved_tool_called"
"""The log events that a replay waits for."""

REFUSED_TURNS = ("turn_halted", "turn_cancelled")
"""The log events that stand for DONE where Discord refuses the reply."""

REFUSED = frozenset(Exit) - {Exit.LOOP_BLOCKED}
"""The exit codes of a StartError: its line, about settings and services, is the last one of the standard error."""

ERROR = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception))\b")
"""The type of an error, which begins the last line of a traceback; its text may quote what was said."""

LINE_CHARS = 300
TAIL_BYTES = 4000


def ending(code: int, errors: bytes) -> str:
    """Say how a process ended; `errors` is the end of its standard error, of which no word of a turn is told."""
    last = (errors.decode(errors="replace").strip().splitlines() or [""])[-1][:LINE_CHARS]
    if code < 0:
        return f"signal {-code}"
    if code in REFUSED:
        return f"exit code {code}: {last}"
    error = ERROR.match(last)
    return f"exit code {code}: {error[0]}" if error else f"exit code {code}"


class ReplayedBot:
    """Starts the process, again after a crash, and follows its log."""

    def __init__(self, folder: Path, environment: dict[str, str], scene: Scene) -> None:
        self._folder = folder
        self._errors = folder / "errors"
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        tools = folder / "tools"
        # This bot comes first: another version may be installed.
        paths = [str(Path(bot.__file__).parents[1]), str(tools), os.environ.get("PYTHONPATH", "")]
        self._environment = {
            **inherited,
            **environment,
            **install(tools, scene.tools),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "BOT_REDIS__DATA_DIR": str(folder / "data"),
        }
        if any(reply.searches for reply in scene.replies):
            on = json.loads(self._environment.get("BOT_TOOLS__ON") or "[]")
            self._environment["BOT_TOOLS__ON"] = json.dumps([*on, "web_search"])
        self._process: asyncio.subprocess.Process | None = None
        self._lines: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._logged = {event: asyncio.Event() for event in (READY, DONE, CALLED)}

    async def start(self) -> None:
        """Start the bot, and wait until it is connected to Discord."""
        self._ended.clear()
        self._logged[READY].clear()
        with self._errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot", "run"),
                cwd=self._folder,  # so that the bot does not read the settings files of the operator
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        self._lines = asyncio.create_task(self._read(self._process), name="replay-log")
        await self._until(READY)

    async def done(self) -> None:
        """Wait until the turn has ended."""
        await self._until(DONE)

    def begin(self) -> None:
        """Have `done` wait for another turn."""
        self._logged[DONE].clear()

    async def called(self) -> None:
        """Wait until an allowed call has been made."""
        await self._until(CALLED)
        self._logged[CALLED].clear()

    async def crash(self) -> None:
        """Kill the process."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self._wait_for_exit()

    async def end(self) -> None:
        """Terminate the process if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        await self._wait_for_exit()

    async def _wait_for_exit(self) -> None:
        if self._process is not None:
            await self._process.wait()
        if self._lines is not None:
            await self._lines

    async def _until(self, name: str) -> None:
        """Wait for a log event; StartError if the process ends before."""
        event = self._logged[name]
        waits = [asyncio.ensure_future(each.wait()) for each in (event, self._ended)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        if not event.is_set():
            code = 0 if self._process is None else await self._process.wait()
            reason = ending(code, self._errors.read_bytes()[-TAIL_BYTES:])
            raise StartError(f"the replayed bot ended before the turn did ({reason})", exit_code=Exit.BACKUP)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            raise RuntimeError("a child without output")
        while line := await process.stdout.readline():
            text = line.decode(errors="replace")
            for name, event in self._logged.items():
                if f'"{name}"' in text:
                    event.set()
            if any(f'"{name}"' in text for name in REFUSED_TURNS):
                self._logged[DONE].set()
        self._ended.set()
