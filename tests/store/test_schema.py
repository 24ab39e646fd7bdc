"""The version of what is stored: which one a start gives it, which one it refuses, and what holds a version back."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.store import schema
from bot.store.instances import ALIVE_S
from bot.store.key_lifetimes import PULSE_S
from bot.store.migrations import MIGRATIONS, NEWEST, lease
from bot.store.migrations.migration import Migration
from bot.store.schema import Schema, stored_version
from bot.store.work_queue import WorkQueue
from tests.patience import Patience
from tests.store.migration_stage import NAMES, Backup, migration, value_of, woven
from tests.store.stage import KEYS

LATER = Migration(number=2, title="later", waits_for_older=True)


async def test_a_new_prefix_gets_the_newest_version_without_a_backup(redis: Redis) -> None:
    backup = Backup(redis)
    own = Schema(redis, KEYS, instance="me", before_migration=backup)
    await own.start()
    assert (await stored_version(redis, KEYS), own.newest, own.has(NEWEST)) == (NEWEST, NEWEST, True)
    assert backup.made == []
    assert sorted(await redis.keys(f"{KEYS.prefix}:{{schema}}:*")) == [KEYS.migration_lease, KEYS.schema]
    assert 0 < await redis.ttl(KEYS.migration_lease) <= lease.LEASE_S
    assert await redis.ttl(KEYS.schema) == -1


def test_the_migrations_are_numbered_without_a_gap() -> None:
    assert [each.number for each in MIGRATIONS] == list(range(1, NEWEST + 1))


async def test_data_of_a_newer_release_are_refused_in_one_line_and_left_alone(redis: Redis) -> None:
    await redis.set(KEYS.schema, NEWEST + 1)
    with pytest.raises(StartError) as refused:
        await Schema(redis, KEYS, instance="me").start()
    assert refused.value.exit_code == Exit.NEWER_DATA
    assert "newer release" in refused.value.line
    assert "\n" not in refused.value.line
    assert await stored_version(redis, KEYS) == NEWEST + 1


async def test_an_instance_stops_once_a_newer_release_has_raised_the_version(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "WATCH_S", 0.01)
    own = Schema(redis, KEYS, instance="me")
    await own.start()
    watching = asyncio.create_task(own.watch())
    await redis.set(KEYS.schema, NEWEST + 1)
    with pytest.raises(StartError):
        await watching


@pytest.mark.parametrize("heartbeat", ["1795000000000000000", "1795000000000000000 1"])
async def test_what_an_older_instance_cannot_read_waits_until_none_is_left(
    redis: Redis, heartbeat: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "WATCH_S", 0.01)
    await woven(redis, NAMES[:3])
    await redis.set(KEYS.pulse("older"), heartbeat, ex=PULSE_S)
    own = Schema(redis, KEYS, instance="me", migrations=[migration(), LATER])
    await own.start()
    assert (own.has(1), own.has(2), await stored_version(redis, KEYS)) == (True, False, 1)
    watching = asyncio.create_task(own.watch())
    await redis.expire(KEYS.pulse("older"), PULSE_S - ALIVE_S - 1)
    await Patience(20.0, list).until(lambda: own.has(2))
    watching.cancel()
    assert await stored_version(redis, KEYS) == 2


async def test_instances_of_this_release_do_not_hold_it_back(redis: Redis) -> None:
    await WorkQueue(redis, KEYS).beat("other", "", "1795000000000000000")
    own = Schema(redis, KEYS, instance="me")
    await own.start()
    assert own.has(NEWEST)


async def test_a_store_that_goes_back_is_migrated_again(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Schema(redis, KEYS, instance="me", migrations=[migration()])
    await own.start()
    await redis.delete(KEYS.schema)
    await woven(redis, NAMES[:3])
    monkeypatch.setattr(schema, "WATCH_S", 0.01)
    watching = asyncio.create_task(own.watch())

    async with Patience(20.0, list).limit():
        while await stored_version(redis, KEYS) < 1:  # noqa: ASYNC110 - the store changes
            await asyncio.sleep(0.01)
    watching.cancel()
    assert {await value_of(redis, name) for name in NAMES[:3]} == {"new"}
