"""A Redis Cluster and a Redis that Sentinels watch, as real processes of this machine."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from bot.local.embedded import GUARD
from tests.redis_server import binary_of_tests, redis_server

SLOTS = 16384

BUS_OFFSET = 10_000
"""From the port of a server to that of its cluster bus; another one can be set since Redis 7 only."""

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


def cluster_ports(count: int) -> list[int]:
    """Ports for servers of a cluster: that of the bus, by Redis' default 10,000 above, is free as well.

    All are below those that the kernel gives to connections.
    """
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10_000, 22_000)
        if port not in found and all(_is_free(each) for each in (port, port + BUS_OFFSET)):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


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


@dataclass
class ClusterShape:
    """A cluster of three primaries, or more; `spare` has no slots, or is a replica."""

    nodes: list[Node]
    names: dict[int, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of one of the servers, as an operator configures it."""
        return f"redis://127.0.0.1:{self.nodes[0].port}/0"

    def owner(self, key: str) -> Node:
        """The primary of a key's slot."""
        slot = key_slot(key.encode())
        for line in self.orders_of("CLUSTER SLOTS", self._alive()):
            if line[0] <= slot <= line[1]:
                return next(each for each in self.nodes if each.port == line[2][1])
        raise AssertionError(f"no server owns {slot}")

    @staticmethod
    def orders_of(command: str, asked: Node) -> Any:
        return asked.redis.execute_command(*command.split())

    def _alive(self) -> Node:
        for each in self.nodes:
            with contextlib.suppress(RedisError):
                each.redis.ping()
                return each
        raise AssertionError("no server is left")

    def flush(self) -> None:
        for each in self.nodes:
            with contextlib.suppress(RedisError):
                each.redis.flushall()

    def name_of(self, asked: Node) -> str:
        if asked.port not in self.names:
            found = asked.redis.execute_command("CLUSTER", "MYID")
            self.names[asked.port] = found.decode() if isinstance(found, bytes) else str(found)
        return self.names[asked.port]

    def begin_move(self, key: str, to: Node) -> Node:
        """Have the slot of a key move: keys that are not there yet are created at their new place."""
        slot, source = key_slot(key.encode()), self.owner(key)
        to.redis.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", self.name_of(source))
        source.redis.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", self.name_of(to))
        return source

    def move_keys(self, key: str, source: Node, to: Node) -> None:
        """Move what is in the slot of a key."""
        slot = key_slot(key.encode())
        while keys := source.redis.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.redis.execute_command("MIGRATE", "127.0.0.1", to.port, "", 0, 5000, "KEYS", *keys)

    def end_move(self, key: str, source: Node, to: Node) -> None:
        """Have the slot of a key belong to its new place."""
        slot = key_slot(key.encode())
        for each in (to, source, *self.nodes):
            each.redis.execute_command("CLUSTER", "SETSLOT", slot, "NODE", self.name_of(to))

    def move(self, key: str, to: Node) -> None:
        """Move the slot of a key as a whole."""
        source = self.begin_move(key, to)
        self.move_keys(key, source, to)
        self.end_move(key, source, to)


@contextlib.contextmanager
def redis_cluster(*options: str, replicas: int = 0) -> Iterator[ClusterShape]:
    """Run a cluster of three primaries and so many replicas of the first ones."""
    ports = cluster_ports(3 + replicas)
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                node(
                    *("--cluster-enabled", "yes"),
                    *("--cluster-node-timeout", str(NODE_TIMEOUT_MS), "--repl-diskless-sync-delay", "0"),
                    *options,
                    port=port,
                )
            )
            for port in ports
        ]
        for number, each in enumerate(nodes):
            each.redis.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            if number < 3:
                first, last = SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1
                each.redis.execute_command("CLUSTER", "ADDSLOTS", *range(first, last + 1))
            if number:
                nodes[0].redis.execute_command("CLUSTER", "MEET", "127.0.0.1", each.port)
        shape = ClusterShape(nodes)
        wait_until(lambda: all(_knows(each, len(nodes)) for each in nodes), "the cluster forms")
        for replica, primary in zip(nodes[3:], nodes, strict=False):
            replica.redis.execute_command("CLUSTER", "REPLICATE", shape.name_of(primary))
        wait_until(lambda: all(_follows(each) for each in nodes[3:]), "the replicas follow")
        wait_until(
            lambda: all(len(_replicas_known(each)) == replicas for each in nodes), "all know of the replicas"
        )
        yield shape


def _knows(each: Node, count: int) -> bool:
    found = each.redis.execute_command("CLUSTER", "INFO")
    text = found.decode() if isinstance(found, bytes) else str(found)
    return "cluster_state:ok" in text and f"cluster_known_nodes:{count}" in text


def _follows(each: Node) -> bool:
    return str(each.redis.info("replication").get("master_link_status")) == "up"


def _replicas_known(each: Node) -> list[Any]:
    return [other for line in each.redis.execute_command("CLUSTER", "SLOTS") for other in line[3:]]


@dataclass
class SentinelShape:
    """A primary, a replica and Sentinels that watch both."""

    servers: list[Node]
    sentinels: list[Node]
    service: str

    @property
    def addresses(self) -> tuple[tuple[str, int], ...]:
        return tuple(("127.0.0.1", each.port) for each in self.sentinels)

    @property
    def primary(self) -> Node:
        """The primary, as the first Sentinel says."""
        found = self.sentinels[0].redis.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.service)
        return next(each for each in self.servers if each.port == int(found[1]))

    def fail_over(self) -> None:
        """Have the Sentinels replace the primary, which lives on as a replica."""
        before = self.primary.port
        wait_until(
            lambda: self.sentinels[0].redis.execute_command("SENTINEL", "FAILOVER", self.service),
            "a failover",
        )
        wait_until(lambda: self.primary.port != before, "the new primary")
        # Until then, the old one takes writes, which are lost.
        old = next(each for each in self.servers if each.port == before)
        wait_until(lambda: old.redis.info("replication")["role"] == "slave", "the old primary follows")

    def wait_for_another(self, before: Node) -> None:
        """Wait until the Sentinels have replaced a primary."""
        wait_until(lambda: self.primary.port != before.port, "the new primary")


@contextlib.contextmanager
def redis_sentinels(*options: str, password: str = "", sentinels: int = 1) -> Iterator[SentinelShape]:
    """Run a primary, a replica and Sentinels; `password` is that of all of them."""
    service = "weavers"
    with ExitStack() as stack:
        secret = ("--requirepass", password, "--masterauth", password) if password else ()
        servers: list[Node] = []
        for _ in range(2):
            follows = ("--replicaof", "127.0.0.1", str(servers[0].port)) if servers else ()
            servers.append(
                stack.enter_context(node("--repl-diskless-sync-delay", "0", *secret, *follows, *options))
            )
        for each in servers:
            if password:
                each.redis = stack.enter_context(Redis(port=each.port, password=password))
        wait_until(lambda: _follows(servers[1]), "the replica follows")
        ports = free_ports(sentinels)
        shape = SentinelShape(servers, [], service)
        for port in ports:
            shape.sentinels.append(
                stack.enter_context(
                    _sentinel(port, servers[0].port, service, password, quorum=sentinels // 2 + 1)
                )
            )
        wait_until(lambda: all(_sees_replica(each, service) for each in shape.sentinels), "the Sentinels")
        yield shape


def _sees_replica(each: Node, service: str) -> bool:
    return bool(each.redis.execute_command("SENTINEL", "REPLICAS", service))


@contextlib.contextmanager
def _sentinel(port: int, primary: int, service: str, password: str, quorum: int) -> Iterator[Node]:
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"sentinel monitor {service} 127.0.0.1 {primary} {quorum}",
        f"sentinel down-after-milliseconds {service} {NODE_TIMEOUT_MS}",
        f"sentinel failover-timeout {service} 5000",
    ]
    if password:
        lines += [f"sentinel auth-pass {service} {password}", f"requirepass {password}"]
    with tempfile.TemporaryDirectory(prefix="bobbin-sentinel-") as directory:
        settings = Path(directory) / "sentinel.conf"
        settings.write_text("\n".join([f"dir {directory}", *lines, ""]))
        with (Path(directory) / "log").open("wb") as log:
            guard = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    str(GUARD),
                    str(log.fileno()),
                    str(binary_of_tests()),
                    str(settings),
                    "--sentinel",
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[log.fileno()],
            )
        with guard, Redis(port=port, password=password or None) as client:
            wait_until(client.ping, "a Sentinel starts")
            yield Node(port, client)
