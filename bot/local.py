"""The stand-ins for what is not configured: a local Discord with a page, a local model, each a child process."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from bot.config import Exit
from bot.conversation.errors import StartError

log = structlog.get_logger()

START_S = 20.0
"""A child answers within a second; a machine that swaps gets the benefit of the doubt."""

STOP_S = 2.0


class LocalServer:
    """A part of the simulator as a child process, which ends with the bot, also when the bot is killed."""

    def __init__(self, part: str, *arguments: str) -> None:
        self._part = part
        self._arguments = arguments
        self.addresses: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.simulator",
            self._part,
            *self._arguments,
            "--die-with-parent",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the bot, which ends its children after itself
        )
        try:
            async with asyncio.timeout(START_S):
                line = await self._read_line()
        except TimeoutError:
            line = b""
        if not line:
            reason = (await self._process.stderr.read()).decode().strip() if self._process.stderr else ""
            await self._stop()
            raise StartError(
                f"The local {self._part} did not start: {reason.splitlines()[-1] if reason else 'no answer'}",
                exit_code=Exit.PORT_BUSY,
            )
        self.addresses = json.loads(line)
        self._drain = asyncio.create_task(self._forward_errors(), name=f"local-{self._part}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()
        self._drain.cancel()
        await asyncio.wait([self._drain])

    async def _read_line(self) -> bytes:
        return await self._process.stdout.readline() if self._process.stdout else b""

    async def _forward_errors(self) -> None:
        if self._process.stderr is None:
            return
        while line := await self._process.stderr.readline():
            log.warning("local_server", part=self._part, line=line.decode(errors="replace").strip())

    async def _stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()  # the end of the pipe is what tells it to save and go
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def local_discord(data_dir: Path, port: int) -> LocalServer:
    """The local Discord; its threads are kept in the data directory."""
    data_dir.mkdir(parents=True, exist_ok=True)
    state = str(data_dir / "discord.json")
    return LocalServer("discord", "--port", str(port), "--state", state, "--token", LOCAL_TOKEN)


def local_claude() -> LocalServer:
    """The stand-in model."""
    return LocalServer("claude", "--port", "0")


LOCAL_TOKEN = "bobbin-local"  # noqa: S105 - it opens nothing but the page on this machine
LOCAL_KEY = "stand-in"
