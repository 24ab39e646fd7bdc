"""A Redis Cluster, as real processes of this machine."""

from __future__ import annotations

import contextlib
import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.redis_node import NODE_TIMEOUT_MS, Node, follows_primary, node, wait_until

SLOTS = 16384

BUS_OFFSET = 10_000
"""From the port of a server to that of its cluster bus; another one can be set since Redis 7 only."""


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
        wait_until(lambda: all(follows_primary(each) for each in nodes[3:]), "the replicas follow")
        wait_until(
            lambda: all(len(_replicas_known(each)) == replicas for each in nodes), "all know of the replicas"
        )
        yield shape


def _knows(each: Node, count: int) -> bool:
    found = each.redis.execute_command("CLUSTER", "INFO")
    text = found.decode() if isinstance(found, bytes) else str(found)
    return "cluster_state:ok" in text and f"cluster_known_nodes:{count}" in text


def _replicas_known(each: Node) -> list[Any]:
    return [other for line in each.redis.execute_command("CLUSTER", "SLOTS") for other in line[3:]]
