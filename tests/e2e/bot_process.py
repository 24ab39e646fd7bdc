"""The real bot as its own process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from tests.fork_server import ROOT, environment_with
from tests.forked_process import ForkedProcess, Pipe
from tests.patience import Patience

START_S = 45.0
"""Idle time, as with every wait here: see tests/patience.py."""

STOP_S = 30.0
"""More than the 10 s that the bot promises, to which tests/e2e/test_stopping.py holds it."""

READ_AT_IMPORT = ("ANTHROPIC_LOG", "PYTHON", "SSL_CERT")
"""How the names of variables begin that only a new interpreter heeds."""


class BotProcess:
    """Runs `python -m bot run`; its output is kept for whoever wonders what went wrong."""

    running: ClassVar[set[int]] = set()
    """The process ids of all bots of these tests that have not ended."""

    def __init__(self, process: asyncio.subprocess.Process | ForkedProcess, output: Pipe) -> None:
        self._process = process
        self.output = ""
        self.entries: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._reader = asyncio.create_task(self._read(output), name="bot-output")
        self.running.add(process.pid)

    @classmethod
    async def start(
        cls,
        environment: Mapping[str, str],
        *arguments: str,
        module: str = "bot",
        command: str = "run",
        fresh: bool = False,
        root: Path = ROOT,
        typed: str = "",
        directory: Path | None = None,
    ) -> BotProcess:
        """Start the bot with nothing in its environment but what is given and what Python needs.

        The bot is forked from a process that has loaded the libraries (tests/fork_server.py), unless the test is
        about the start of an interpreter: with `fresh`, or with a variable that is read at import. `root` is the
        source tree; a forked bot can have an input that was `typed` before, and another working directory.
        """
        read_end, write_end = os.pipe()
        output = await Pipe.open(read_end)
        process: asyncio.subprocess.Process | ForkedProcess
        if fresh or any(name.startswith(READ_AT_IMPORT) for name in environment):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", module, command, *arguments),
                cwd=root,
                env=environment_with(environment, root),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
            )
            os.close(write_end)
        else:
            process = await ForkedProcess.start(
                module,
                (command, *arguments),
                environment_with(environment, root),
                write_end,
                root,
                typed=typed,
                directory=directory,
            )
        return cls(process, output)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def patience(self, idle_s: float) -> Patience:
        """A wait that ends when the bot and this process have been idle for so long."""
        return Patience(idle_s, lambda: [self.pid])

    async def said(self, text: str, timeout_s: float = START_S) -> None:
        """Wait until its output holds a text; AssertionError with the output if it ends or is idle too long."""
        try:
            async with self.patience(timeout_s).limit():
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
            async with self.patience(timeout_s).limit():
                while found is None:
                    fresh, looked_at = self.entries[looked_at:], len(self.entries)
                    found = next((entry for entry in fresh if _fits(entry, event, fields)), None)
                    if found is None:
                        if self._reader.done():
                            raise AssertionError(f"the bot ended without logging {event!r}:\n{self.output}")
                        self._changed.clear()
                        await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"the bot did not log {event!r} {fields}:\n{self.output}") from None
        return found

    def log(self, event: str, **fields: object) -> list[dict[str, Any]]:
        """Every line of the log with this event and these fields so far."""
        return [entry for entry in self.entries if _fits(entry, event, fields)]

    async def ended(self, timeout_s: float = STOP_S) -> int:
        """Wait for the end and return the exit code; AssertionError with the output if the bot stays idle."""
        try:
            async with self.patience(timeout_s).limit():
                code = await self._process.wait()
                self.running.discard(self.pid)
                await self._reader
        except TimeoutError:
            raise AssertionError(f"the bot did not end:\n{self.output}") from None
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

    async def _read(self, output: Pipe) -> None:
        try:
            while line := await output.reader.readline():
                self.output += line.decode(errors="replace")
                self.entries.append(_entry(line))
                self._changed.set()
        finally:
            asyncio.get_running_loop().call_soon(self._changed.set)
            await output.close()


def _fits(entry: dict[str, Any], event: str, fields: dict[str, object]) -> bool:
    return entry.get("event") == event and fields.items() <= entry.items()


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        return {}
    return entry if isinstance(entry, dict) else {}
