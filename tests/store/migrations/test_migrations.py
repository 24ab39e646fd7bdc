"""What each migration changes, and that it changes nothing the second time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.scope import Scope
from bot.store.codec import is_current, load_turn
from bot.store.content import MARK
from bot.store.keys import Key
from bot.store.migrations import (
    MIGRATIONS,
    m0001_counters,
    m0002_content_blocks,
    m0003_thread_settings,
)
from bot.store.migrations.migration import Migration, Target
from bot.store.schema import Schema
from bot.store.scope_settings import ScopeSettings
from tests.store.rollback import snapshot
from tests.store.stage import KEYS, C

STORED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "before_content_blocks.json").read_text(encoding="utf-8")
)
COUNTER = KEYS.budget("server-3-USD-day-20270115")


async def needed(redis: Redis, migration: Migration, key: Key) -> bool:
    return await migration.needs(Target(redis, KEYS), key.removeprefix(f"{KEYS.prefix}:"))


async def changed(redis: Redis, migration: Migration, *keys: Key) -> None:
    """Change keys twice, as an instance does that goes on where another was killed."""
    target = Target(redis, KEYS)
    for _ in range(2):
        for key in keys:
            name = key.removeprefix(f"{KEYS.prefix}:")
            assert migration.concerns(name)
            await migration.change(target, name)
            assert not await migration.needs(target, name)


async def test_a_text_of_parts_becomes_a_sum_and_fields(redis: Redis) -> None:
    await redis.hset(COUNTER, mapping={"settled": "12 ab:30 c:5", "reserved": "7", "line:1": "2"})
    await redis.expire(COUNTER, 500)
    assert await needed(redis, m0001_counters.MIGRATION, COUNTER)
    await changed(redis, m0001_counters.MIGRATION, COUNTER)
    assert await redis.hgetall(COUNTER) == {
        "settled": "47",
        "by:ab": "30",
        "by:c": "5",
        "reserved": "7",
        "line:1": "2",
    }
    assert await redis.ttl(COUNTER) > 400


async def test_a_sum_and_a_counter_without_one_stay(redis: Redis) -> None:
    await redis.hset(COUNTER, mapping={"settled": "47", "by:ab": "30"})
    other = KEYS.budget("other")
    await redis.hset(other, mapping={"reserved": "7"})
    await changed(redis, m0001_counters.MIGRATION, COUNTER, other)
    assert await redis.hgetall(COUNTER) == {"settled": "47", "by:ab": "30"}
    assert await redis.hgetall(other) == {"reserved": "7"}


async def test_entries_of_two_texts_become_messages_and_others_stay(redis: Redis) -> None:
    entries = [*STORED["entries"], '{"version": 99}', f"{MARK}3:sealed"] * 30
    assert not any(map(is_current, entries))
    await redis.rpush(KEYS.history(C), *entries)
    await redis.expire(KEYS.history(C), 500)
    assert await needed(redis, m0002_content_blocks.MIGRATION, KEYS.history(C))
    await changed(redis, m0002_content_blocks.MIGRATION, KEYS.history(C))
    now = list(map(str, await redis.lrange(KEYS.history(C), 0, -1)))
    assert len(now) == len(entries)
    for before, after in zip(entries, now, strict=True):
        if "99" in before or before.startswith(MARK):
            assert after == before
        else:
            assert is_current(after)
            assert load_turn(after) == load_turn(before)
    assert await redis.ttl(KEYS.history(C)) > 400


@pytest.mark.parametrize("guild", [7, None])
async def test_the_settings_of_a_thread_move_beside_the_others_and_apply(
    redis: Redis, guild: int | None
) -> None:
    meta, settings = KEYS.meta(C), KEYS.scope(guild or C, C)
    await redis.hset(
        meta,
        mapping={"system": "Weave.", "model": "a", "starter": "5", **({"guild": guild} if guild else {})},
    )
    await redis.expire(meta, 500)
    await redis.hset(settings, mapping={"model": "set since"})
    assert await needed(redis, m0003_thread_settings.MIGRATION, meta)
    await changed(redis, m0003_thread_settings.MIGRATION, meta)
    assert await redis.hgetall(settings) == {"system": "Weave.", "model": "set since"}
    assert 0 < await redis.ttl(settings) <= 500
    assert "system" not in await redis.hgetall(meta)
    assert await redis.hget(meta, "starter") == "5"
    own = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    found = await own.by_scope(thread=C, channel=None, server=guild)
    assert found[Scope.THREAD]["system"].value == "Weave."


async def test_a_thread_without_settings_gets_none(redis: Redis) -> None:
    await redis.hset(KEYS.meta(C), mapping={"starter": "5", "guild": "7"})
    await changed(redis, m0003_thread_settings.MIGRATION, KEYS.meta(C))
    assert await redis.exists(KEYS.scope(7, C)) == 0


async def test_what_the_version_before_has_stored_changes_in_no_other_key(
    redis: Redis, redis_url: str
) -> None:
    stored = json.loads(
        (Path(__file__).parents[1] / "fixtures" / "version_before.json").read_text(encoding="utf-8")
    )
    for key, (kind, value) in stored.items():
        match kind:
            case "hash":
                await redis.hset(key, mapping=value)
            case "list":
                await redis.rpush(key, *value)
            case "zset":
                await redis.zadd(key, dict(value))
            case _:
                await redis.set(key, value)
    before = await snapshot(redis_url)
    await Schema(redis, KEYS, instance="me").start()
    after = await snapshot(redis_url)
    concerned = {
        key
        for key in before
        if any(each.concerns(key.decode().removeprefix(f"{KEYS.prefix}:")) for each in MIGRATIONS)
    }
    assert {key for key in before if after.get(key) != before[key]} <= concerned
    own = f"{KEYS.prefix}:{{schema}}:".encode()
    assert all(key.startswith((own, KEYS.pulse("").encode())) for key in set(after) - set(before))
