"""A store that can be killed, frozen, and taken back to what it was some seconds ago."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from bot.local.embedded import GUARD, server_binary
from tests.redis_server import BINARY_VARIABLE

START_S = 120.0

SAMPLE_S = 0.02
"""How exactly a point in time can be gone back to."""

KEPT_S = 10.0
"""Longer ago than any roll-back reaches."""


class StoreProcess:
    """A server of its own on a unix socket, whose every acknowledged write is in its append-only file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._pidfile = directory / "server.pid"
        self._guard: subprocess.Popen[bytes] | None = None
        self._sizes: deque[tuple[float, int]] = deque()
        self._sampler: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"unix://{self._socket}"

    async def start(self) -> None:
        """Start, with what the append-only file holds, and wait until it answers."""
        binary = Path(os.environ.get(BINARY_VARIABLE) or server_binary())
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "dir": str(self._directory),
            "pidfile": str(self._pidfile),
            "save": "",
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-use-rdb-preamble": "no",
            "auto-aof-rewrite-percentage": "0",
            "maxmemory-policy": "noeviction",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self._socket.unlink(missing_ok=True)
        self._pidfile.unlink(missing_ok=True)
        with (self._directory / "log").open("ab") as log:
            self._guard = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond
                [sys.executable, "-I", "-S", str(GUARD), str(log.fileno()), str(binary), *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[log.fileno()],
            )
        async with asyncio.timeout(START_S):
            while not await self._answers():  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(SAMPLE_S)
        if self._sampler is None:
            self._sampler = asyncio.create_task(self._sample(), name="store-sizes")

    def freeze(self) -> None:
        """Stop it as an overloaded host does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    async def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self._signal(signal.SIGKILL)
        if self._guard is not None:
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            await asyncio.to_thread(self._guard.wait)

    async def roll_back(self, seconds: float) -> int:
        """Kill it, take its file back by so many seconds, start it; returns how many bytes were lost."""
        moment = time.monotonic() - seconds
        await self.kill()
        earlier = [size for at, size in self._sizes if at <= moment]
        held = self._file.read_bytes()
        kept = boundary(held, earlier[-1] if earlier else 0)
        with self._file.open("r+b") as file:
            file.truncate(kept)
        self._sizes = deque((at, size) for at, size in self._sizes if at <= moment)
        await self.start()
        return len(held) - kept

    async def close(self) -> None:
        """Stop it for good."""
        if self._sampler is not None:
            self._sampler.cancel()
        await self.kill()

    @property
    def _file(self) -> Path:
        return self._directory / "appendonlydir" / "appendonly.aof.1.incr.aof"

    async def _sample(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                now = time.monotonic()
                self._sizes.append((now, self._file.stat().st_size))
                # One is always kept: roll-backs close after each other go back to the same moment again and again.
                while len(self._sizes) > 1 and now - self._sizes[1][0] > KEPT_S:
                    self._sizes.popleft()
            await asyncio.sleep(SAMPLE_S)

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError, EOFError):
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
            try:
                writer.write(b"PING\r\n")
                return await reader.readexactly(5) == b"+PONG" and self._pidfile.exists()
            finally:
                writer.close()
        return False

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(self._pidfile.read_text()), number)


def boundary(held: bytes, most: int) -> int:
    """The end of the last whole command, or transaction, within the first `most` bytes of a file of RESP arrays."""
    at = end = 0
    within = False
    while at < len(held):
        line = held.find(b"\r\n", at)
        if line < 0 or held[at : at + 1] != b"*":
            break
        arguments = int(held[at + 1 : line])
        at = line + 2
        first = b""
        for number in range(arguments):
            line = held.find(b"\r\n", at)
            length = int(held[at + 1 : line])
            if number == 0:
                first = held[line + 2 : line + 2 + length].upper()
            at = line + 2 + length + 2
        if at > most:
            break
        within = first == b"MULTI" or (within and first != b"EXEC")
        if not within:
            end = at
    return end
