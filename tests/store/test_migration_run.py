"""A migration runs once, under a lease, after a backup, and resumes after a kill at any point."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.config import Exit
from bot.conversation.errors import StartError, StoreUnavailable
from bot.store.key_lifetimes import MIGRATION_STEP_S
from bot.store.migrations import lease
from bot.store.migrations.migration import Target
from bot.store.schema import Schema, stored_version
from tests.patience import Patience
from tests.store.migration_stage import NAMES, Backup, migration, value_of, weave, woven
from tests.store.stage import KEYS


class Killed(Exception):
    """The instance was killed."""


class Mortal(Redis):
    """A client that sends so many commands, and no more."""

    left = 10_000

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if self.left == 0:
            raise Killed
        self.left -= 1
        send: Callable[..., Awaitable[Any]] = super().execute_command
        return await send(*args, **options)


async def test_a_migration_changes_each_key_that_it_concerns_after_one_backup(redis: Redis) -> None:
    await woven(redis, NAMES)
    backup = Backup(redis)
    for _ in range(2):
        await Schema(redis, KEYS, instance="me", before_migration=backup, migrations=[migration()]).start()
    assert {await value_of(redis, name) for name in NAMES} == {"new"}
    assert backup.made == [0]


async def test_no_backup_is_made_where_no_key_needs_a_change_and_one_for_several_migrations(
    redis: Redis,
) -> None:
    async def is_old(target: Target, name: str) -> bool:
        return await value_of(target.redis, name) == "old"

    first, second = replace(migration(), needs=is_old), migration(2)
    await woven(redis, NAMES)
    backup = Backup(redis)
    await Schema(redis, KEYS, instance="me", before_migration=backup, migrations=[first, second]).start()
    assert backup.made == [0]
    await redis.delete(KEYS.schema)
    await Schema(redis, KEYS, instance="me", before_migration=backup, migrations=[first]).start()
    assert backup.made == [0]
    assert await stored_version(redis, KEYS) == 1


@pytest.mark.single_server
async def test_a_migration_that_is_killed_anywhere_is_finished_by_the_next_start(redis: Redis) -> None:
    options = redis.connection_pool.connection_kwargs
    names, sent = NAMES[:7], 0
    finished = False
    while not finished:
        await redis.flushdb()
        await woven(redis, names)
        backup = Backup(redis)
        async with Mortal(
            unix_socket_path=options.get("path"),
            host=options.get("host", "localhost"),
            port=options.get("port", 6379),
            db=options.get("db", 0),
            decode_responses=True,
        ) as mortal:
            mortal.left = sent
            begun = Schema(mortal, KEYS, instance="one", before_migration=backup, migrations=[migration()])
            try:
                await begun.start()
                finished = True
            except Killed:
                """The instance is gone, and nothing of it is tidied up."""
        await redis.delete(KEYS.migration_lease)  # its time is over
        other = Schema(redis, KEYS, instance="two", before_migration=backup, migrations=[migration()])
        await other.start()
        assert {await value_of(redis, name) for name in names} == {"new"}, sent
        assert await stored_version(redis, KEYS) == 1
        assert backup.made, sent
        assert backup.made[0] == 0, "the first backup is of what was there before"
        assert sum(made == 0 for made in backup.made) == len(backup.made), "no backup of what is half changed"
        assert await redis.exists(KEYS.migration_left, KEYS.migration_step) == 0
        sent += 1
    assert sent > 15, "it was killed between all of its commands"


async def test_a_migration_that_was_stopped_for_long_looks_anew_for_what_an_older_release_has_written(
    redis: Redis,
) -> None:
    async def fail(_target: Target, _name: str) -> None:
        raise Killed

    await woven(redis, NAMES)
    backup = Backup(redis)
    stopped = Schema(
        redis, KEYS, instance="one", before_migration=backup, migrations=[migration(change=fail)]
    )
    with pytest.raises(Killed):
        await stopped.start()
    assert 0 < await redis.ttl(KEYS.migration_step) <= MIGRATION_STEP_S
    await redis.delete(KEYS.migration_step, KEYS.migration_lease)  # their time is over
    await woven(redis, ["{500}:meta"])
    await Schema(redis, KEYS, instance="two", before_migration=backup, migrations=[migration()]).start()
    assert {await value_of(redis, name) for name in (*NAMES, "{500}:meta")} == {"new"}


async def test_instances_that_start_together_migrate_once(redis: Redis) -> None:
    await woven(redis, NAMES)
    backup, changed = Backup(redis), list[str]()

    async def counted(target: Target, name: str) -> None:
        changed.append(name)
        await weave(target, name)

    instances = [
        Schema(
            redis, KEYS, instance=f"{each}", before_migration=backup, migrations=[migration(change=counted)]
        )
        for each in range(3)
    ]
    await asyncio.gather(*(each.start() for each in instances))
    assert all(each.has(1) for each in instances)
    assert (sorted(changed), backup.made) == (sorted(NAMES), [0])


async def test_an_instance_that_was_frozen_too_long_stops_migrating(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    await woven(redis, NAMES[:3])
    thawed, entered = asyncio.Event(), asyncio.Event()

    async def change(target: Target, name: str) -> None:
        entered.set()
        await thawed.wait()
        await weave(target, name)

    own = Schema(redis, KEYS, instance="me", migrations=[migration(change=change)])
    starting = asyncio.create_task(own.start())
    await entered.wait()
    await redis.set(KEYS.migration_lease, "another 0", ex=100)
    await Patience(20.0, list).until(lambda: own._said == "migration_elsewhere")
    thawed.set()
    await redis.delete(KEYS.migration_lease)
    await starting
    assert own.has(1)


async def test_nothing_is_changed_where_no_backup_can_be_made_and_the_next_start_may_try_at_once(
    redis: Redis,
) -> None:
    await woven(redis, NAMES)

    async def impossible() -> None:
        raise StartError("the backup cannot be written", exit_code=Exit.DATA_DIR_UNUSABLE)

    for _ in range(2):
        own = Schema(redis, KEYS, instance="me", before_migration=impossible, migrations=[migration()])
        with pytest.raises(StartError, match="cannot be written"):
            await own.start()
        assert await redis.get(KEYS.migration_lease) == ""
    assert {await value_of(redis, name) for name in NAMES} == {"old"}
    assert await stored_version(redis, KEYS) == 0


async def test_a_store_that_goes_away_in_between_ends_the_start_in_one_line(
    redis: Redis,
) -> None:
    async def gone(target: Target, _name: str) -> None:
        raise StoreUnavailable("ConnectionError")

    await woven(redis, NAMES[:1])
    own = Schema(redis, KEYS, instance="me", migrations=[migration(change=gone)])
    with pytest.raises(StartError) as refused:
        await own.start()
    assert refused.value.exit_code == Exit.REDIS_UNREACHABLE
