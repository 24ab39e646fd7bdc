"""What must not be lost is held by replicas before the bot goes on, where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from structlog.testing import capture_logs

from bot.store.codec import Result
from bot.store.connection import connect
from bot.store.replicas import SHORT_MS, Replicas
from tests.redis_cluster import ClusterShape
from tests.redis_node import Node, node, wait_until
from tests.store.stage import KEYS, ONE, TWO, Store, answered, claimed, receive


@pytest.fixture
def pair() -> Iterator[tuple[Node, Node]]:
    """A primary and its replica."""
    with ExitStack() as stack:
        primary = stack.enter_context(node("--repl-diskless-sync-delay", "0"))
        replica = stack.enter_context(node("--replicaof", "127.0.0.1", str(primary.port)))
        wait_until(
            lambda: replica.redis.info("replication")["master_link_status"] == "up", "the replica follows"
        )
        yield primary, replica


def waits(primary: Node) -> int:
    """How often the primary was asked to wait for its replicas."""
    return int(primary.redis.info("commandstats").get("cmdstat_wait", {"calls": 0})["calls"])


async def test_what_was_accepted_and_what_was_answered_is_held_by_the_replica(
    pair: tuple[Node, Node],
) -> None:
    primary, replica = pair
    async with connect(f"redis://127.0.0.1:{primary.port}", timeout_s=3.0, wait_replicas=1) as redis:
        store = Store(redis)
        await receive(store, ONE)
        assert waits(primary) == 2  # the server was sent the script's text the second time
        claim = await claimed(store)
        before = waits(primary)
        await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
        assert waits(primary) > before
        assert replica.redis.llen(KEYS.history(claim.conversation)) == 1


async def test_missing_replicas_are_told_once_and_again_when_they_are_back(pair: tuple[Node, Node]) -> None:
    primary, replica = pair
    url = f"redis://127.0.0.1:{primary.port}"
    async with connect(url, timeout_s=0.9, wait_replicas=1) as redis:
        store = Store(redis)
        replica.redis.execute_command("REPLICAOF", "NO", "ONE")
        with capture_logs() as logs:
            await receive(store, ONE, TWO)
        assert [entry["event"] for entry in logs] == ["replicas_missing"]
        assert (logs[0]["wanted"], logs[0]["found"]) == (1, 0)
        replica.redis.execute_command("REPLICAOF", "127.0.0.1", primary.port)
        wait_until(lambda: primary.redis.wait(1, 100), "the replica follows")
        with capture_logs() as logs:
            while not logs:
                await receive(store, TWO)
        assert [entry["event"] for entry in logs] == ["replicas_back"]


def test_while_replicas_are_missing_nothing_waits_for_long() -> None:
    replicas = Replicas(2, most_ms=1000)
    assert replicas.command == ("WAIT", 2, 1000)
    replicas.note(1)
    assert replicas.command == ("WAIT", 2, SHORT_MS)
    replicas.note(2)
    assert replicas.command == ("WAIT", 2, 1000)


async def test_on_a_cluster_the_server_of_the_write_is_asked(cluster: ClusterShape) -> None:
    cluster.flush()
    for each in cluster.nodes:
        each.redis.config_resetstat()
    async with connect(cluster.url, timeout_s=0.3, wait_replicas=1) as redis:
        with capture_logs() as logs:
            await receive(Store(redis), ONE)
        claim = await claimed(Store(redis))
    assert [entry["event"] for entry in logs] == ["replicas_missing"]
    owner = cluster.owner(KEYS.pending(claim.conversation))
    assert {each.port for each in cluster.nodes if waits(each)} == {owner.port}
