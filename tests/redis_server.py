"""A Redis of the tests' own: quick, empty, gone with them."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redis.asyncio import Redis

from bot.local.embedded import GUARD, server_binary

# Another server to test against, such as Debian's redis-server.
BINARY_VARIABLE = "BOBBIN_TEST_REDIS_SERVER"
# A server that cannot start ends, which is noticed at once.
START_TIMEOUT_S = 120.0


def binary_of_tests() -> Path:
    """Return the server that the tests start."""
    return Path(os.environ.get(BINARY_VARIABLE) or server_binary())


@contextlib.contextmanager
def redis_server(binary: Path | None = None, *further: str, directory: Path | None = None) -> Iterator[str]:
    """Run a server on a unix socket; `further` are options of its own; yields its URL.

    Without a `directory`, in which it finds what another has left, it keeps nothing.
    """
    with contextlib.ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bobbin-redis-")))
        path = directory / "redis.sock"
        options = [
            "--port",
            "0",
            "--unixsocket",
            str(path),
            "--dir",
            str(directory),
            "--appendonly",
            "no",
            "--save",
            "",
            *further,
        ]
        with (directory / "log").open("wb") as log:
            # The guard ends the server even when the tests are killed; the lock it passes on has no use here.
            guard = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(GUARD),
                    str(log.fileno()),
                    str(binary or binary_of_tests()),
                    *options,
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[log.fileno()],
            )
        with guard:  # on leaving, closes its standard input, which is the order to stop, and waits
            _wait_until_it_answers(path, guard)
            yield f"unix://{path}"


async def order(url: str, *command: str | int) -> object:
    """Send a server a command, past the bot's own connections."""
    async with Redis.from_url(url) as redis:
        answer: object = await redis.execute_command(*command)  # type: ignore[no-untyped-call]
        return answer


async def version_of(url: str) -> tuple[int, ...]:
    """Return the version of Redis whose commands a server knows; Valkey began with those of Redis 7.2."""
    facts = await order(url, "INFO", "server")
    assert isinstance(facts, dict)
    return tuple(int(number) for number in str(facts["redis_version"]).split("."))


def _wait_until_it_answers(path: Path, guard: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            if connection.recv(5) in (b"+PONG", b"-NOAU", b"-LOAD"):
                return
        if guard.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"no server: {(path.parent / 'log').read_text(encoding='utf-8', errors='replace')}"
            )
        time.sleep(0.005)
