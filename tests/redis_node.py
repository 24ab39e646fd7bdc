"""A Redis server with a TCP port, as a real process of this machine: a part of a cluster, or one that is watched."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.redis_server import redis_server

NODE_TIMEOUT_MS = 1000
"""After so long a silent primary is replaced: short, so that a test waits seconds."""

WITHIN_S = 120.0


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def wait_until(done: Callable[[], object], what: str) -> None:
    """Wait until servers agree."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        with contextlib.suppress(RedisError):
            if done():
                return
        time.sleep(0.02)
    raise RuntimeError(f"waited in vain: {what}")


@dataclass
class Node:
    """A server with a TCP port; `redis` asks it past the bot's own connections."""

    port: int
    redis: Any
    password: str = ""

    @property
    def pid(self) -> int:
        return int(self.redis.info("server")["process_id"])

    def kill(self) -> None:
        """End the process at once."""
        os.kill(self.pid, signal.SIGKILL)


@contextlib.contextmanager
def node(*options: str, port: int = 0) -> Iterator[Node]:
    """Run a server with a TCP port."""
    port = port or free_ports(1)[0]
    with redis_server(None, "--port", str(port), *options) as url, Redis.from_url(url) as client:
        yield Node(port, client)


def follows_primary(each: Node) -> bool:
    """Whether a replica is connected to its primary."""
    return str(each.redis.info("replication").get("master_link_status")) == "up"
