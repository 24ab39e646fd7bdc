"""A server that lets the bot in, but not work, is told apart at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bot.config import Exit
from bot.conversation.errors import StartError, StoreUnavailable
from bot.retry import Schedule
from bot.store import start_check, trial
from bot.store.connection import connect
from bot.store.contracts import contract_of
from bot.store.keys import Keys
from bot.store.sentinels import SentinelSettings
from bot.store.start_check import check
from bot.store.work_queue import WorkQueue
from tests.patience import idle_timeout
from tests.redis_cluster import ClusterShape, cluster_ports, redis_cluster
from tests.redis_node import node, wait_until
from tests.redis_sentinels import SentinelShape, redis_sentinels
from tests.redis_server import order, redis_server, version_of

KEYS = Keys("bobbin")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_check, "CHECK", Schedule(0.2, tries=1))
    monkeypatch.setattr(start_check, "WAIT_S", 0.05)


@pytest.fixture(scope="module")
def sentinels() -> Iterator[SentinelShape]:
    with redis_sentinels(password="word") as shape:
        yield shape


async def refused(url: str, exit_code: Exit, *words: str) -> str:
    async with connect(url, timeout_s=3.0) as redis:
        with pytest.raises(StartError) as caught:
            await check(redis, KEYS)
    assert caught.value.exit_code == exit_code
    assert "\n" not in caught.value.line
    for word in words:
        assert word in caught.value.line
    return caught.value.line


async def test_a_fit_server_passes_and_nothing_stays_in_it(redis_url: str) -> None:
    async with connect(redis_url, timeout_s=3.0) as redis:
        await redis.flushall()
        await check(redis, KEYS)
        assert await redis.keys("*") == []


async def test_what_a_trial_leaves_that_breaks_off_has_a_contract(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deletes = "redis.call('del', KEYS[1], KEYS[2])"
    assert deletes in trial.SCRIPT
    monkeypatch.setattr(trial, "SCRIPT", trial.SCRIPT.replace(deletes, ""))
    async with connect(redis_url, timeout_s=3.0) as redis:
        await redis.flushall()
        await check(redis, KEYS)
        left = await redis.keys("*")
    assert len(left) == 2
    assert [each for each in left if contract_of(str(each).removeprefix("bobbin:")) is None] == []


async def test_a_primary_of_a_cluster_whose_memory_is_full_is_named() -> None:
    with redis_cluster() as cluster:
        full = cluster.nodes[1]
        full.redis.config_set("maxmemory", 1)
        await refused(cluster.url, Exit.REDIS_UNFIT, "memory", "maxmemory", f"127.0.0.1:{full.port}")


async def test_a_replica_that_has_lost_its_master_is_waited_for_at_a_start() -> None:
    with redis_server(None, "--replica-serve-stale-data", "no") as url:
        await order(url, "REPLICAOF", "127.0.0.1", 1)
        await refused(url, Exit.REDIS_UNFIT, "lost its master", "REDIS_URL")
        codes: list[str] = []
        async with connect(url, timeout_s=3.0) as redis:
            waiting = asyncio.create_task(check(redis, KEYS, codes.append))
            async with idle_timeout(30):
                while len(codes) < 2:  # noqa: ASYNC110 - called by the check
                    await asyncio.sleep(0.01)
            assert not waiting.done()
            await order(url, "REPLICAOF", "NO", "ONE")
            await waiting
        assert set(codes) == {"MASTERDOWN"}


async def test_a_read_only_replica() -> None:
    with redis_server() as url:
        await order(url, "REPLICAOF", "127.0.0.1", 1)
        await refused(url, Exit.REDIS_UNFIT, "read-only replica", "REDIS_URL")


@pytest.mark.parametrize(
    ("service", "password", "port", "exit_code", "word"),
    [
        ("others", "word", None, Exit.REDIS_UNREACHABLE, "redis.sentinel_service"),
        ("weavers", "wrong", None, Exit.REDIS_PASSWORD, "redis.sentinel_password"),
        ("weavers", None, None, Exit.REDIS_PASSWORD, "redis.sentinel_password"),
        ("weavers", "word", 1, Exit.REDIS_UNREACHABLE, "redis.sentinels"),
    ],
)
async def test_sentinels_that_name_no_primary(
    sentinels: SentinelShape, service: str, password: str | None, port: int | None, exit_code: Exit, word: str
) -> None:
    addresses = (("127.0.0.1", port),) if port else tuple(sentinels.addresses)
    settings = SentinelSettings(addresses, service, None, password)
    async with connect("redis://:word@not-asked/0", timeout_s=3.0, sentinels=settings) as redis:
        with pytest.raises(StartError) as caught:
            await check(redis, KEYS)
    assert caught.value.exit_code == exit_code
    assert word in caught.value.line
    assert "REDIS_URL" not in caught.value.line


async def test_a_sentinel_in_place_of_a_server() -> None:
    with redis_sentinels() as shape:
        await refused("redis://{}:{}".format(*shape.addresses[0]), Exit.REDIS_UNFIT, "redis.sentinels")


async def test_a_full_memory() -> None:
    with redis_server(None, "--maxmemory", "1", "--maxmemory-policy", "noeviction") as url:
        await refused(url, Exit.REDIS_UNFIT, "memory", "maxmemory")


async def test_a_cluster_passes_and_one_whose_slots_have_no_server_is_down() -> None:
    with node("--cluster-enabled", "yes", port=cluster_ports(1)[0]) as alone:
        url = f"redis://127.0.0.1:{alone.port}"
        await refused(url, Exit.REDIS_UNREACHABLE, "cluster is down", "CLUSTER INFO")
        alone.redis.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
        wait_until(lambda: alone.redis.set("up", 1), "the cluster serves")
        async with connect(url, timeout_s=3.0) as redis:
            await check(redis, KEYS)


async def test_a_cluster_has_one_database(cluster: ClusterShape) -> None:
    # Valkey 9 may have several, but not by its defaults.
    await refused(f"{cluster.url.removesuffix('/0')}/3", Exit.SETTINGS, "database", "REDIS_URL")


async def test_a_user_who_may_not_ask_a_cluster_for_its_slots(cluster: ClusterShape) -> None:
    for each in cluster.nodes:
        each.redis.execute_command("ACL", "SETUSER", "me", "on", ">word", "~*", "+@all", "-cluster")
    url = cluster.url.replace("redis://", "redis://me:word@")
    slots = {"1": 0, "2": 0}
    async with connect(url, timeout_s=3.0) as redis:
        for _ in range(20):  # the key of the check is on any server
            try:
                await check(redis, KEYS)
                slots["1"] += 1
            except StartError as error:
                slots["2"] += 1
                assert error.exit_code == Exit.REDIS_PASSWORD
                assert "cluster|slots" in error.line
    assert sum(slots.values()) == 20


async def test_a_database_that_is_not_there() -> None:
    with redis_server() as url:
        await refused(f"{url}?db=99", Exit.SETTINGS, "no database", "REDIS_URL")


@pytest.mark.parametrize("rule", ["~other:*", "~bobbin:* -eval", "%R~bobbin:*"])
async def test_a_user_who_may_not_touch_the_keys_or_run_scripts(rule: str) -> None:
    with redis_server() as url:
        if rule.startswith("%") and await version_of(url) < (7,):
            pytest.skip("rights to read alone came with Redis 7")
        await order(url, "ACL", "SETUSER", "me", "on", ">word", "+@all", *rule.split())
        line = await refused(
            f"{url}?username=me&password=word", Exit.REDIS_PASSWORD, "ACL SETUSER", "~bobbin:*"
        )
        assert "word" not in line


async def test_a_user_with_the_rights_that_the_line_names_passes() -> None:
    with redis_server() as url:
        rights = ("~bobbin:*", "resetchannels", "&bobbin:*", "+@all", "-@dangerous")
        await order(url, "ACL", "SETUSER", "me", "on", ">word", *rights)
        async with connect(f"{url}?username=me&password=word", timeout_s=3.0) as redis:
            await check(redis, KEYS)


async def test_a_failure_while_the_bot_runs_is_explained_as_at_the_start() -> None:
    with redis_server() as url:
        await order(url, "ACL", "SETUSER", "me", "on", ">word", "~bobbin:*", "+@all", "-zrange")
        async with connect(f"{url}?username=me&password=word", timeout_s=3.0) as redis:
            queue = WorkQueue(redis, KEYS)
            with pytest.raises(StoreUnavailable) as caught:
                await queue.items()
        assert "may not do what Bobbin needs: allow it, for example by ACL SETUSER" in queue.explained(
            caught.value
        )
    async with connect(url, timeout_s=0.5) as redis:
        queue = WorkQueue(redis, KEYS)
        with pytest.raises(StoreUnavailable) as caught:
            await queue.items()
    assert "is it running, and is REDIS_URL right?" in queue.explained(caught.value)


async def test_a_disk_that_cannot_be_written_to_or_too_few_replicas() -> None:
    with redis_server(None, "--min-replicas-to-write", "1") as url:
        await refused(url, Exit.REDIS_UNFIT, "min-replicas-to-write")
