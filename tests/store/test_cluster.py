"""Commands find their servers in a real Redis Cluster, also while slots move and servers end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from bot.conversation.errors import StoreUnavailable
from bot.store import wakeups
from bot.store.connection import connect, translated
from bot.store.counted import CountedRedis
from bot.store.key_reader import KeyReader
from bot.store.keys import Key, Keys
from bot.store.scripts import Scripts
from bot.store.scripts.settings import SavePreset
from bot.store.scripts.value import CompareAndSet
from bot.store.server_facts import server_facts, set_no_eviction
from bot.store.wakeups import Wakeups
from tests.redis_cluster import ClusterShape, redis_cluster
from tests.redis_node import Node, wait_until
from tests.store.stage import CHANNEL_FIELDS, ONE, TWO, C, Store, claimed

KEYS = Keys("test")
WITHIN_S = 60.0


@pytest_asyncio.fixture
async def client(cluster: ClusterShape) -> AsyncIterator[CountedRedis]:
    cluster.flush()
    async with connect(cluster.url, timeout_s=30.0) as client:
        yield client


def another(cluster: ClusterShape, key: str) -> Node:
    """A primary that does not own a key."""
    return next(each for each in cluster.nodes[:3] if each.port != cluster.owner(key).port)


def once(key: str, text: str = "me") -> CompareAndSet:
    return CompareAndSet(step="once", value=Key(key), before="", after=text, ttl_s=1000)


async def sooner_or_later(call: Callable[[], Awaitable[object]]) -> object:
    """Repeat a call until the store is there again, as the bot does."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            with contextlib.suppress(StoreUnavailable), translated():
                return await call()
            await asyncio.sleep(0.05)


async def test_each_key_is_written_to_the_server_that_owns_its_slot(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    names = [f"key{number}" for number in range(60)]
    assert await asyncio.gather(*(client.set(name, name) for name in names)) == [True] * 60
    counts = [each.redis.dbsize() for each in cluster.nodes]
    assert sum(counts) == 60
    assert all(counts)
    pipe = client.pipeline(transaction=False)
    for name in names:
        pipe.get(name)
    assert await pipe.execute() == names


async def test_commands_of_the_same_moment_share_a_round_trip_to_each_server(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    names = [f"key{number}" for number in range(30)]
    await asyncio.gather(*(client.get(name) for name in names))
    before = sum(each.redis.info("stats")["total_reads_processed"] for each in cluster.nodes)
    await asyncio.gather(*(client.get(name) for name in names))
    after = sum(each.redis.info("stats")["total_reads_processed"] for each in cluster.nodes)
    assert after - before <= 2 * len(cluster.nodes) + 3  # the second look, and pings between the servers


async def test_a_transaction_stays_together_and_keeps_to_one_slot(client: CountedRedis) -> None:
    pipe = client.pipeline(transaction=True)
    pipe.hset("{a}x", "field", "1")
    pipe.hgetall("{a}x")
    assert await pipe.execute() == [1, {"field": "1"}]
    pipe = client.pipeline(transaction=True)
    pipe.set("{a}text", "not a number")
    pipe.incr("{a}text")
    with pytest.raises(ResponseError, match="not an integer"):
        await pipe.execute()


async def test_a_script_is_sent_to_each_server_that_does_not_know_it(client: CountedRedis) -> None:
    scripts = Scripts(client)
    for number in range(12):
        assert await scripts.run(once(f"key{number}"))


async def test_a_slot_that_has_moved_is_found(client: CountedRedis, cluster: ClusterShape) -> None:
    await client.set("{moved}key", "before")
    cluster.move("{moved}key", another(cluster, "{moved}key"))
    assert await client.get("{moved}key") == "before"
    assert await Scripts(client).run(once("{moved}other"))


async def test_while_a_slot_moves_each_of_many_commands_finds_what_it_wants(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    await client.set("{moving}key", "before")
    await asyncio.gather(*(client.get(f"key{number}") for number in range(40)))  # many idle connections
    to = another(cluster, "{moving}key")
    source = cluster.begin_move("{moving}key", to)
    try:
        assert await client.get("{moving}key") == "before"
        assert all(await asyncio.gather(*(client.set(f"{{moving}}{n}", n) for n in range(40))))
        pipe = client.pipeline(transaction=True)
        pipe.hset("{moving}new", "field", "1")
        pipe.hgetall("{moving}new")
        assert await pipe.execute() == [1, {"field": "1"}]
        cluster.move_keys("{moving}key", source, to)
        assert await client.get("{moving}key") == "before"
    finally:
        cluster.end_move("{moving}key", source, to)
    assert await client.get("{moving}39") == "39"


async def test_a_script_waits_while_its_keys_are_at_two_places(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    store = Store(client)
    await store.receive(C, ONE, source="event", channel_fields=CHANNEL_FIELDS)
    key = KEYS.pending(C)
    to = another(cluster, key)
    source = cluster.begin_move(key, to)
    source.redis.execute_command("MIGRATE", "127.0.0.1", to.port, key, 0, 5000)
    receiving = asyncio.create_task(
        sooner_or_later(lambda: store.receive(C, TWO, source="event", channel_fields=CHANNEL_FIELDS))
    )
    await asyncio.sleep(0.05)
    assert not receiving.done()
    cluster.move_keys(key, source, to)
    cluster.end_move(key, source, to)
    await receiving
    assert [each.id for each in (await claimed(store)).batch.messages] == [ONE.id, TWO.id]


async def test_a_walk_over_all_keys_sees_those_of_every_server_once(client: CountedRedis) -> None:
    names = {f"{{{number}}}:q" for number in range(200)}
    for name in names:
        await client.set(f"test:{name}", "1")
    found = [name async for page in KeyReader(client, KEYS).names() for name in page]
    assert len(found) == 200
    assert set(found) == names


async def test_a_walk_sees_what_moves_to_a_server_that_was_walked_before(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    for number in range(60):
        await client.set(f"test:{{{number}}}:q", "1")
    last = [each.port for each in cluster.nodes].index(cluster.owner(f"test:{{{0}}}:q").port)
    moved = [
        f"test:{{{n}}}:q"
        for n in range(60)
        if cluster.owner(f"test:{{{n}}}:q").port != cluster.nodes[last].port
    ]
    seen: list[str] = []
    async for key in client.scan_iter(match="test:*", count=5):
        if not seen:  # in mid-walk
            for each in moved[:3]:
                cluster.move(each, cluster.nodes[last])
        seen.append(str(key))
    assert set(seen) == {f"test:{{{number}}}:q" for number in range(60)}


async def test_a_wakeup_reaches_who_listens_at_another_server(
    client: CountedRedis, cluster: ClusterShape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wakeups, "LISTEN_S", 0.05)
    heard: asyncio.Queue[int] = asyncio.Queue()
    listening = asyncio.create_task(Wakeups(client, KEYS).listen(heard.put_nowait))
    async with asyncio.timeout(WITHIN_S):
        for each in cluster.nodes:
            while heard.empty():
                each.redis.publish(KEYS.wakeups, str(C))
                await asyncio.sleep(0.02)
            assert await heard.get() == C
            await asyncio.sleep(0.1)
            while not heard.empty():
                heard.get_nowait()
    listening.cancel()
    await asyncio.wait([listening])


async def test_the_facts_of_a_cluster_are_the_worst_of_its_primaries(
    client: CountedRedis, cluster: ClusterShape
) -> None:
    cluster.nodes[1].redis.config_set("maxmemory-policy", "allkeys-lru")
    facts = await server_facts(client, cluster.url, verifies=True)
    assert (facts.is_cluster, facts.primaries, facts.policy, facts.role) == (True, 3, "allkeys-lru", "master")
    await set_no_eviction(client)
    assert (await server_facts(client, cluster.url, verifies=True)).policy == "noeviction"


async def test_after_the_end_of_a_primary_its_replica_is_written_to() -> None:
    with redis_cluster(replicas=1) as own:
        async with connect(
            own.url.replace(str(own.nodes[0].port), str(own.nodes[1].port)), timeout_s=3.0
        ) as client:
            scripts = Scripts(client)
            keys = [f"key{number}" for number in range(30)]
            own_keys = [key for key in keys if own.owner(key).port == own.nodes[0].port]
            await asyncio.gather(*(client.set(key, "before") for key in keys))
            wait_until(lambda: own.nodes[0].redis.wait(1, 1000), "the replica has it all")
            before = client.failovers.count
            own.nodes[0].kill()
            for key in own_keys:
                assert await sooner_or_later(lambda key=key: client.get(key)) == "before"  # type: ignore[misc]
            assert await sooner_or_later(lambda: scripts.run(once(f"{{{own_keys[0]}}}"))) == 1
            assert client.failovers.count > before


async def test_a_cluster_without_any_server_is_a_store_that_is_away() -> None:
    with redis_cluster() as own:
        client = connect(own.url, timeout_s=0.5)
        await client.set("key", "1")
    with pytest.raises(StoreUnavailable), translated():
        await client.get("key")
    await client.aclose()


async def test_what_stands_behind_a_script_is_sent_after_it(client: CountedRedis) -> None:
    call = SavePreset(presets=Key("test:{5}:presets"), id="1", preset="{}", most=5, replaced=())
    await Scripts(client).run(call, before=[("SET", "one", "1")], after=[("SET", "two", "2")])
    assert [await client.get(name) for name in ("one", "two")] == ["1", "2"]
