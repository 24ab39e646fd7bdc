"""Bots by the dozen: a process that loads libraries once and forks for each bot that is asked for.

A bot, or another program, that is forked runs what `python -m <module>` runs, in a process of its own, for a small
part of the processor time. The server has opened no connection and runs no thread and no event loop when it forks.
Linux and macOS only.

`python -m tests.fork_server FD MODULE...` imports the modules, and takes orders from a socket: the length of a JSON
object in 4 bytes, sent together with two file descriptors, then the object with `module`, `arguments`, `environment`,
`typed` (the program's input) and `directory`. The first descriptor becomes the program's output. To the second one,
the server writes two lines: the program's process id, and its exit code when it has ended. When the other end of the
socket is closed, the server kills every program and ends.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]

LENGTH_BYTES = 4

OF_A_BOT = (
    *("typer", "uvloop", "bot.app", "bot.wiring", "bot.telemetry.logs"),
    *("httpcore2", "truststore", "opentelemetry.propagate"),  # loaded by libraries at their first use
)
"""What a bot imports; `bot.__main__` itself is run anew in each process."""

KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
"""What Python and the system need of the environment of the tests."""


def environment_with(settings: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """The environment of a bot: its settings and nothing of the tests' own but what Python needs."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "PYTHONPATH": str(root), "BOT_TELEMETRY__LOG_FORMAT": "json", **settings}


class ForkServer:
    """The tests' end: asks for bots, or for other programs that need the `modules`."""

    def __init__(self, root: Path, modules: Sequence[str]) -> None:
        self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), *modules],
            cwd=root,
            env=environment_with({}, root),
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    @classmethod
    def shared(cls, root: Path = ROOT, modules: tuple[str, ...] = OF_A_BOT) -> ForkServer:
        """The server of this process, which starts with the first bot and ends with this process.

        Its bots are those of the source tree `root`.
        """
        return _shared(root, modules)

    @property
    def pid(self) -> int:
        """The process id of the server, whose children the bots are."""
        return self._process.pid

    def fork(
        self,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: int,
        status: int,
        *,
        typed: str = "",
        directory: Path | None = None,
    ) -> None:
        """Ask for a bot; `output` and `status` are the two descriptors, which stay open here."""
        order = {
            "module": module,
            "arguments": list(arguments),
            "environment": dict(environment),
            "typed": typed,
            "directory": None if directory is None else str(directory),
        }
        encoded = json.dumps(order).encode()
        socket.send_fds(self._socket, [len(encoded).to_bytes(LENGTH_BYTES, "big")], [output, status])
        self._socket.sendall(encoded)

    def close(self) -> None:
        """Kill every bot and end the server."""
        self._socket.close()
        self._process.wait()


@cache
def _shared(root: Path, modules: tuple[str, ...]) -> ForkServer:
    server = ForkServer(root, modules)
    atexit.register(server.close)
    return server


def serve(orders: socket.socket) -> None:
    """Fork for every order until the other end is closed."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C in a terminal is for the tests, which close the socket
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    statuses: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([orders.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 512)
            _reap(statuses)
        if orders.fileno() in ready:
            head, descriptors, _, _ = socket.recv_fds(orders, LENGTH_BYTES, 2)
            if not head:
                break
            order = json.loads(_exactly(orders, int.from_bytes(head, "big")))
            output, status = descriptors
            if (pid := os.fork()) == 0:
                for inherited in (woken, wake, status, *statuses.values()):
                    os.close(inherited)
                orders.close()
                _become_a_bot(order, output)
            os.close(output)
            statuses[pid] = status
            _tell(status, pid)
    for pid in statuses:
        os.kill(pid, signal.SIGKILL)
    for pid in statuses:
        os.waitpid(pid, 0)


def _exactly(orders: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += orders.recv(length - len(data))
    return data


def _reap(statuses: dict[int, int]) -> None:
    for pid in list(statuses):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            descriptor = statuses.pop(pid)
            _tell(descriptor, os.waitstatus_to_exitcode(status))
            os.close(descriptor)


def _tell(descriptor: int, number: int) -> None:
    try:
        os.write(descriptor, f"{number}\n".encode())
    except BrokenPipeError:
        """Nobody waits for this bot."""


def _become_a_bot(order: dict[str, Any], output: int) -> NoReturn:
    """Do what a new interpreter does with `-m`, in the process that was forked."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with tempfile.TemporaryFile() as typed:
        typed.write(order["typed"].encode())
        typed.seek(0)
        for descriptor, number in ((typed.fileno(), 0), (output, 1), (output, 2)):
            os.dup2(descriptor, number)
    os.close(output)
    if order["directory"] is not None:
        os.chdir(order["directory"])
    os.environ.clear()
    os.environ.update(order["environment"])
    random.seed()
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    sys.exit()


def _load(modules: Sequence[str]) -> None:
    for name in modules:
        import_module(name)
    if (tls := sys.modules.get("bot.tls")) is not None:
        tls.tls_context()  # the certificates are a quarter of what the start of a bot takes besides
    # The garbage collector's marks would copy the pages that forked processes share.
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _load(sys.argv[2:])
    serve(socket.socket(fileno=int(sys.argv[1])))
