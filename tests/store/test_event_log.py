"""Events and metrics of all instances, on a real server."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.event_log import MOST_EVENTS, EventLog
from bot.store.key_lifetimes import EVENTS_S
from bot.store.keys import Keys

KEYS = Keys("test")


async def test_events_of_all_instances_stay_for_an_hour_and_the_oldest_go(redis: Redis) -> None:
    one, other = (EventLog(redis, KEYS, instance=name) for name in ("one", "other"))
    await one.add(["a"])
    await other.add(["b"])
    assert await one.events() == ["a", "b"]
    assert 0 < await redis.ttl(KEYS.events) <= EVENTS_S
    await one.add([str(number) for number in range(MOST_EVENTS)])
    assert len(await one.events()) == MOST_EVENTS
    assert "a" not in await one.events()


async def test_the_latest_metrics_of_each_instance_stay_for_an_hour(redis: Redis) -> None:
    one, other = (EventLog(redis, KEYS, instance=name) for name in ("one", "other"))
    await one.note_metrics("old")
    await one.note_metrics("new")
    await other.note_metrics("others")
    assert await one.metrics() == ["new", "others"]
    assert 0 < await redis.ttl(KEYS.metrics("one")) <= EVENTS_S


async def test_nothing_is_stored_where_nothing_happened(redis: Redis) -> None:
    await EventLog(redis, KEYS, instance="one").add([])
    assert not await redis.exists(KEYS.events)
