"""One bot of an arena, forked like those of the end-to-end tests; what it says goes to a file."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.fork_server import ForkServer, environment_with
from tests.forked_process import ForkedProcess
from tests.patience import Patience

LOOK_S = 0.02
START_S = 40.0
MODULE = "tests.engine.points_bot"


class Bot:
    """`output` is the file of what the bot says; `servers` are processes that the bot needs to start."""

    def __init__(self, process: ForkedProcess, output: Path, servers: Sequence[int]) -> None:
        self._process = process
        self._servers = servers
        self.output = output
        self.points_path = output.with_suffix(".points")

    @classmethod
    async def start(cls, environment: dict[str, str], output: Path, servers: Sequence[int] = ()) -> Bot:
        """Start a bot that logs its points beside its output."""
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        settings = environment_with({**environment, "POINTS_LOG": str(output.with_suffix(".points"))})
        process = await ForkedProcess.start(MODULE, ("run", "--strict"), settings, descriptor)
        return cls(process, output, servers)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, once the bot has ended."""
        return self._process.returncode

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the bot has ended."""
        self._process.send_signal(number)

    async def ended(self) -> None:
        """Wait for the end."""
        await self._process.wait()

    async def kill(self) -> None:
        """Kill the bot, frozen or not."""
        self._process.kill()
        await self._process.wait()

    @property
    def said(self) -> str:
        """All of its output so far."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    @property
    def points(self) -> list[str]:
        """The points that the bot has reached, in order."""
        lines = self.points_path.read_text("ascii").splitlines() if self.points_path.exists() else []
        return [line.split(" ", 1)[1] for line in lines]

    def arm(self) -> None:
        """Have the bot be hit from now on, where its point says so."""
        self.points_path.with_suffix(".points.armed").touch()

    async def ready(self) -> None:
        """Wait until the bot listens, or has ended; TimeoutError if the bot and what it needs stay idle.

        The other bots of this process are children of the fork server: while they start, this one waits its turn.
        """
        patience = Patience(START_S, lambda: [self.pid, ForkServer.shared().pid, *self._servers])
        await patience.until(lambda: self.code is not None or "discord_ready" in self.said, LOOK_S)

    async def struck(self) -> None:
        """Wait until the bot is hit."""
        while not self._was_hit():  # noqa: ASYNC110 - another process writes the file
            await asyncio.sleep(LOOK_S)

    def _was_hit(self) -> bool:
        return self.points_path.exists() and b"!" in self.points_path.read_bytes()
