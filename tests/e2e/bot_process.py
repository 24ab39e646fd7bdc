"""The real bot as its own process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

START_S = 45.0

STOP_S = 30.0
"""More than the 10 s that the bot promises, to which tests/e2e/test_stopping.py holds it."""


class BotProcess:
    """Runs `python -m bot run`; its output is kept for whoever wonders what went wrong."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.output = ""
        self.entries: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read(), name="bot-output")

    @classmethod
    async def start(cls, environment: Mapping[str, str], *arguments: str, module: str = "bot") -> BotProcess:
        """Start the bot with nothing in its environment but what is given and what Python needs."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            "run",
            *arguments,
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT), "BOT_TELEMETRY__LOG_FORMAT": "json", **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def said(self, text: str, timeout_s: float = START_S) -> None:
        """Wait until its output holds a text; AssertionError with the output if it ends or takes too long."""
        try:
            async with asyncio.timeout(timeout_s):
                while text not in self.output:
                    if self._reader.done():
                        raise AssertionError(f"the bot ended without saying {text!r}:\n{self.output}")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"the bot did not say {text!r}:\n{self.output}") from None

    async def logged(self, event: str, timeout_s: float = START_S, **fields: object) -> dict[str, Any]:
        """Wait for a line of the log by its event and some of its fields, and return it."""
        found: dict[str, Any] | None = None
        looked_at = 0
        try:
            async with asyncio.timeout(timeout_s):
                while found is None:
                    fresh, looked_at = self.entries[looked_at:], len(self.entries)
                    found = next((entry for entry in fresh if _fits(entry, event, fields)), None)
                    if found is None:
                        self._changed.clear()
                        await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"the bot did not log {event!r} {fields}:\n{self.output}") from None
        return found

    def log(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Every line of the log with this event and these fields so far."""
        return [entry for entry in self.entries if _fits(entry, event, fields)]

    async def ended(self, timeout_s: float = STOP_S) -> int:
        """Wait for the end and return the exit code."""
        async with asyncio.timeout(timeout_s):
            code = await self._process.wait()
            await self._reader
        return code

    async def stop(self) -> int:
        """Ask it to leave."""
        if self._process.returncode is None:
            self.signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self) -> None:
        """Kill it as `kill -9` does."""
        if self._process.returncode is None:
            self._process.kill()
        await self.ended()

    async def _read(self) -> None:
        if self._process.stdout is None:
            return
        try:
            while line := await self._process.stdout.readline():
                self.output += line.decode(errors="replace")
                self.entries.append(_entry(line))
                self._changed.set()
        finally:
            asyncio.get_running_loop().call_soon(self._changed.set)


def _fits(entry: dict[str, Any], event: str, fields: dict[str, object]) -> bool:
    return entry.get("event") == event and fields.items() <= entry.items()


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
