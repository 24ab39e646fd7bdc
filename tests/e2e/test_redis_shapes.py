"""Conversations on a Redis Cluster, behind Sentinels, and with a full memory: people notice a pause at most."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.conversation import wording
from bot.store.keys import Keys
from tests.e2e.test_store_outages import POINTS_BOT, QUICK, answered_once, texts
from tests.e2e.world import World
from tests.redis_cluster import redis_cluster
from tests.redis_node import wait_until
from tests.redis_sentinels import redis_sentinels

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "word"


async def test_a_conversation_goes_on_after_the_server_that_holds_it_was_killed(alone: World) -> None:
    with redis_cluster(replicas=3) as cluster:
        await alone.start_bot(**QUICK, REDIS_URL=cluster.url)
        thread = await alone.converse(alone.channel(), "hello")
        owner = cluster.owner(Keys(alone.prefix).history(thread))
        wait_until(lambda: owner.redis.wait(1, 1000), "the replica has it all")
        owner.kill()
        await alone.ann.post(thread, "and now? <1>")
        await answered_once(alone, thread, ["<1>"], before=1)
        assert "hello" in str(alone.asked[-1].body["messages"])


async def test_a_conversation_goes_on_while_its_slot_moves(alone: World) -> None:
    with redis_cluster() as cluster:
        await alone.start_bot(**QUICK, REDIS_URL=cluster.url)
        thread = await alone.converse(alone.channel(), "hello")
        key = Keys(alone.prefix).history(thread)
        source = cluster.owner(key)
        to = next(each for each in cluster.nodes if each.port != source.port)
        cluster.begin_move(key, to)
        await alone.ann.post(thread, "and now? <1>")
        cluster.move_keys(key, source, to)
        cluster.end_move(key, source, to)
        await answered_once(alone, thread, ["<1>"], before=1)
        await alone.ann.post(thread, "and then? <2>")
        await answered_once(alone, thread, ["<1>", "<2>"], before=1)
        assert to.redis.llen(key) == 3


async def test_a_conversation_goes_on_with_the_primary_that_the_sentinels_choose(alone: World) -> None:
    with redis_sentinels(password=PASSWORD) as shape:
        addresses = ",".join(f"{host}:{port}" for host, port in shape.addresses)
        await alone.start_bot(
            **QUICK,
            REDIS_URL=f"redis://:{PASSWORD}@not-asked/0",
            BOT_REDIS__SENTINELS=addresses,
            BOT_REDIS__SENTINEL_SERVICE=shape.service,
            BOT_REDIS__SENTINEL_PASSWORD=PASSWORD,
            BOT_REDIS__WAIT_REPLICAS="1",
        )
        thread = await alone.converse(alone.channel(), "hello")
        old = shape.primary
        old.kill()
        await alone.ann.post(thread, "and now? <1>")
        await answered_once(alone, thread, ["<1>"], before=1)
        assert shape.primary.port != old.port
        assert "hello" in str(alone.asked[-1].body["messages"])


async def test_a_reply_that_is_being_written_outlives_a_failover_and_is_shown_once(alone: World) -> None:
    with redis_sentinels() as shape:
        addresses = ",".join(f"{host}:{port}" for host, port in shape.addresses)
        await alone.start_bot(
            **QUICK,
            REDIS_URL="redis://not-asked/0",
            BOT_REDIS__SENTINELS=addresses,
            BOT_REDIS__SENTINEL_SERVICE=shape.service,
            BOT_REDIS__WAIT_REPLICAS="1",
        )
        thread = await alone.converse(alone.channel(), "hello")
        alone.claude.say(["one ", "two ", "three ", "four."], pause=0.1)
        gate = alone.claude.hold(after=2)
        await alone.ann.post(thread, "count <1>")
        await gate.reached()
        await asyncio.to_thread(shape.fail_over)
        gate.release()
        await answered_once(alone, thread, ["<1>"], before=1)
        assert texts(alone.replies(thread))[1] == "one two three four."


async def test_with_a_full_memory_people_are_told_and_answered_when_there_is_room(alone: World) -> None:
    await alone.start_bot(**QUICK, module=POINTS_BOT)
    thread = await alone.converse(alone.channel(), "hello")
    async with Redis.from_url(alone.redis_url) as redis:
        await redis.config_set("maxmemory", 1)
        await alone.ann.post(thread, "is there room? <1>")
        notice = wording.small(wording.STORE_DOWN_FOR_NOW)
        await alone.until(lambda: notice in texts(alone.said(thread)))
        await redis.config_set("maxmemory", 0)
    await answered_once(alone, thread, ["<1>"], before=1)
