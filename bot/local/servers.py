"""The local Discord and the local Claude, each a child process."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory
from bot.local.embedded import ENVIRONMENT
from bot.retry import Schedule, retry

log = structlog.get_logger()

START_S = 20.0
"""A child answers within 1 s; a machine that swaps takes longer."""

STOP_S = 2.0
"""Saving takes milliseconds. Within the time limit of a shutdown."""

LOCK = Schedule(0.05, within_s=3.0)
"""Right after a kill, the child of the killed bot is still saving; a running bot holds the lock for longer."""

CHILD_ENVIRONMENT = (*ENVIRONMENT, "HOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "SYSTEMROOT")
"""The variables that a child gets: no secrets."""

LOCAL_KEY = "stand-in"
HOST = "127.0.0.1"


class LocalServer:
    """A server of the simulator as a child process, which ends with the bot, even if the bot is killed."""

    def __init__(self, part: str, *arguments: str) -> None:
        self._part = part
        self._arguments = arguments
        self.endpoints: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        self._drain = asyncio.create_task(self._forward_errors(), name=f"local-{self._part}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()
        self._drain.cancel()
        await asyncio.wait([self._drain])

    async def watch(self) -> None:
        """Wait for the end of the child, which is an error: raises StartError."""
        code = await self._process.wait()
        raise StartError(f"The local {self._part} ended unexpectedly (exit code {code})", exit_code=1)

    def start_error(self, reason: str) -> StartError:
        """Return the error for a child that did not start."""
        return StartError(f"The local {self._part} did not start: {reason}", exit_code=1)

    async def _start(self, *inherited: int) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.local.simulator",
            self._part,
            *self._arguments,
            "--die-with-parent",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C must reach the bot alone, which stops its children last
            pass_fds=inherited,
            env={name: os.environ[name] for name in CHILD_ENVIRONMENT if name in os.environ},
        )
        if self._process.stdout is None or self._process.stderr is None:
            raise RuntimeError("a child without pipes")
        line = b""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                line = await self._process.stdout.readline()
        if not line:
            with suppress(ProcessLookupError):
                self._process.kill()
            output = (await self._process.stderr.read()).decode(errors="replace").split("\n")
            raise self.start_error(next((line for line in reversed(output) if line.strip()), "no answer"))
        self.endpoints = json.loads(line)

    async def _forward_errors(self) -> None:
        if self._process.stderr is None:
            return
        while line := await self._process.stderr.readline():
            log.warning("local_server_stderr", part=self._part, line=line.decode(errors="replace").strip())

    async def _stop(self) -> None:
        process: asyncio.subprocess.Process | None = getattr(self, "_process", None)
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the child saves and ends at the end of the pipe
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class LocalDiscord(LocalServer):
    """The local Discord; its state is in the data directory, which one local Discord uses at a time."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self._directory = DataDirectory(data_dir)
        self._port = port
        state = str(self._directory.path / "discord.json")
        super().__init__("discord", "--port", str(port), "--state", state)

    async def _start(self, *inherited: int) -> None:
        lock = await self._lock()
        try:
            await super()._start(lock, *inherited)
        finally:
            os.close(lock)  # the child holds the lock now

    def start_error(self, reason: str) -> StartError:
        """Return the error for a child that did not start: mostly the port is in use."""
        return self._port_error() or super().start_error(reason)

    async def _lock(self) -> int:
        import fcntl  # does not exist on Windows, where the private Redis is refused before

        try:
            self._directory.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._directory.path / "discord.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise self._directory.unusable(error) from error

        async def take() -> int:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock

        try:
            return await retry(take, LOCK, on=BlockingIOError)
        except BaseException as error:
            os.close(lock)
            if not isinstance(error, OSError):
                raise
            raise self._port_error() or StartError(
                f"another bot runs the local Discord that is kept in {self._directory.path}: stop it, or "
                "choose another redis.data_dir (BOT_REDIS__DATA_DIR)",
                exit_code=Exit.DATA_DIR_BUSY,
            ) from error

    def _port_error(self) -> StartError | None:
        """Return the error for a port that cannot be listened on, None if the port is free."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            try:
                probe.bind((HOST, self._port))
            except OSError as error:
                return StartError(
                    f"the local Discord cannot listen on port {self._port} ({error.strerror}): is another bot "
                    "running? Stop what uses the port, or choose another one with local.port (BOT_LOCAL__PORT)",
                    exit_code=Exit.PORT_BUSY,
                )
        return None


def local_claude(data_dir: Path | None) -> LocalServer:
    """Return the local Claude, which answers with a stand-in model; the data directory, if any, keeps its files."""
    kept = ["--files", str(DataDirectory(data_dir).path / "claude.files")] if data_dir is not None else []
    return LocalServer("claude", "--port", "0", *kept)
