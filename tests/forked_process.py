"""One process of the fork server, with what `asyncio.subprocess.Process` has and the tests use."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fork_server import OF_A_BOT, ROOT, ForkServer


class ForkedProcess:
    """Its end is told by the server, whose child it is."""

    def __init__(self, pid: int, status: Pipe) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(status), name=f"end-of-{pid}")

    @classmethod
    async def start(
        cls,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: int,
        root: Path = ROOT,
        libraries: tuple[str, ...] = OF_A_BOT,
        typed: str = "",
        directory: Path | None = None,
    ) -> ForkedProcess:
        """Fork a process that runs a module and writes to the descriptor `output`, which is closed here.

        The module needs the `libraries`, which are loaded once for all such processes. `typed` is its input.
        """
        read_end, write_end = os.pipe()
        status = await Pipe.open(read_end)
        try:
            ForkServer.shared(root, libraries).fork(
                module, arguments, environment, output, write_end, typed=typed, directory=directory
            )
        finally:
            os.close(write_end)
            os.close(output)
        if not (line := await status.reader.readline()):
            await status.close()
            raise RuntimeError("the fork server has ended")
        return cls(int(line), status)

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process, frozen or not."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return await asyncio.shield(self._ended)

    async def _end(self, status: Pipe) -> int:
        line = await status.reader.readline()
        await status.close()
        self.returncode = int(line or -signal.SIGKILL)
        return self.returncode


class Pipe:
    """The reading end of a pipe in the running loop."""

    def __init__(self, reader: asyncio.StreamReader, transport: asyncio.ReadTransport) -> None:
        self.reader = reader
        self._transport = transport

    @classmethod
    async def open(cls, descriptor: int) -> Pipe:
        """Take over a descriptor."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
        )
        return cls(reader, transport)

    async def close(self) -> None:
        """Close the descriptor, and see to it that the loop has done so."""
        self._transport.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
