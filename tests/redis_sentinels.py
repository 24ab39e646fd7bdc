"""A Redis that Sentinels watch, as real processes of this machine."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from bot.local.embedded import GUARD
from tests.redis_node import NODE_TIMEOUT_MS, Node, follows_primary, free_ports, node, wait_until
from tests.redis_server import binary_of_tests


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
        wait_until(lambda: follows_primary(servers[1]), "the replica follows")
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
