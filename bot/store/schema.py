"""The version of what is stored under the prefix, and the migrations that lead to the newest one.

A migration runs once, under a lease, before its instance serves. The names of the keys that it has yet to change are
in Redis, so that another instance, or the next start, goes on where a killed one has stopped. A migration that waits
for older instances runs in the background, as soon as none is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from enum import Enum, auto
from typing import TypeVar, cast

import structlog
from redis.asyncio import Redis

from bot.config import Exit
from bot.conversation.errors import StartError, StoreUnavailable
from bot.findings.redis_rules import too_new
from bot.store.connection import translated
from bot.store.instances import announce, is_older_alive
from bot.store.key_lifetimes import MIGRATION_STEP_S
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys
from bot.store.migrations import MIGRATIONS
from bot.store.migrations.lease import LeaseLost, MigrationLease
from bot.store.migrations.migration import Migration, Target

log = structlog.get_logger()

T = TypeVar("T")

POLL_S = 0.2
"""How often a start looks whether the instance that migrates is done."""

WATCH_S = 15.0

AT_ONCE = 50
"""So many keys are read, or changed, at the same time."""


class _Progress(Enum):
    DONE = auto()
    WAITS_FOR_OLDER = auto()
    BUSY = auto()
    """Another instance migrates."""


async def no_backup() -> None:
    """Make no backup."""


class Schema:
    """Reads and raises the version, for one `instance`.

    `before_migration` makes a verified backup, and raises StartError where that is not possible: nothing is changed
    then.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        instance: str,
        before_migration: Callable[[], Awaitable[None]] = no_backup,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._reader = KeyReader(redis, keys)
        self._instance = instance
        self._before_migration = before_migration
        self._migrations = migrations
        self._lease = MigrationLease(redis, keys, instance=instance)
        self._version = 0
        self._is_backed_up = False
        self._said = ""

    def has(self, number: int) -> bool:
        """Say whether the store has this version, so that what belongs to it may be written."""
        return self._version >= number

    @property
    def newest(self) -> int:
        """The newest version that this release knows."""
        return self._migrations[-1].number

    async def start(self) -> None:
        """Migrate as far as that can be done now; StartError, in one line, where this release must not run."""
        try:
            await self._read()
            # Before the version is read again: an instance that raises the version later knows of this one.
            await announce(self._redis, self._keys, instance=self._instance, newest=self.newest)
            while await self._advance() is _Progress.BUSY:
                self._say_once("migration_elsewhere")
                await asyncio.sleep(POLL_S)
        except StoreUnavailable as error:
            raise StartError(
                "Redis stopped answering before the stored data were ready: start Bobbin again when it is back",
                exit_code=Exit.REDIS_UNREACHABLE,
            ) from error

    async def watch(self) -> None:
        """Run what has waited for older instances; StartError once a newer release has raised the version."""
        while True:
            await asyncio.sleep(WATCH_S)
            try:
                await self._advance()
            except StoreUnavailable:
                continue

    async def _advance(self) -> _Progress:
        await self._read()
        for migration in self._migrations:
            if migration.number <= self._version:
                continue
            if migration.waits_for_older and await is_older_alive(self._redis, self._keys, migration.number):
                self._say_once("migration_waits_for_older", number=migration.number, title=migration.title)
                return _Progress.WAITS_FOR_OLDER
            try:
                async with self._lease.held() as is_held:
                    if not is_held:
                        return _Progress.BUSY
                    # Another instance may have run the migration between the look at the version and the lease.
                    self._version = await stored_version(self._redis, self._keys)
                    if self._version < migration.number:
                        await self._run(migration)
                        self._version = migration.number
            except LeaseLost:
                return _Progress.BUSY
        return _Progress.DONE

    async def _read(self) -> None:
        self._version = await stored_version(self._redis, self._keys)
        if self._version > self.newest:
            raise StartError(": ".join(too_new(self._version, self.newest)), exit_code=Exit.NEWER_DATA)

    async def _run(self, migration: Migration) -> None:
        left = self._keys.migration_left
        found, backed_up = f"{migration.number} found", f"{migration.number} backed up"
        with translated():
            step = await self._redis.get(self._keys.migration_step)
        if step not in (found, backed_up):
            await self._find(migration)
            step = await self._note(found)
        with translated():
            count = int(await self._redis.scard(left))
        if count:
            log.info("migration_started", number=migration.number, title=migration.title, keys=count)
            # A backup from before an earlier migration of this start leads back as well.
            if step != backed_up and not self._is_backed_up:
                await self._before_migration()
                self._is_backed_up = True
            await self._note(backed_up)
            await self._change(migration)
            log.info("migration_done", number=migration.number, title=migration.title)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(self._keys.schema, migration.number)
            pipe.delete(left, self._keys.migration_step)
            await pipe.execute()

    async def _find(self, migration: Migration) -> None:
        left, target = self._keys.migration_left, Target(self._redis, self._keys)
        with translated():
            await self._redis.delete(left)
        async for page in self._reader.names():
            concerned = [name for name in page if migration.concerns(name)]
            for start in range(0, len(concerned), AT_ONCE):
                names = concerned[start : start + AT_ONCE]
                needs = await _all(migration.needs(target, name) for name in names)
                if found := [name for name, is_needed in zip(names, needs, strict=True) if is_needed]:
                    with translated():
                        await self._redis.sadd(left, *found)

    async def _change(self, migration: Migration) -> None:
        left, target = self._keys.migration_left, Target(self._redis, self._keys)
        while True:
            with translated():
                names = [str(each) for each in await self._redis.srandmember(left, AT_ONCE) or ()]
            if not names:
                return
            await _all(migration.change(target, name) for name in names)
            with translated():
                await self._redis.srem(left, *names)
                await self._redis.expire(self._keys.migration_step, MIGRATION_STEP_S)

    async def _note(self, step: str) -> str:
        with translated():
            await self._redis.set(self._keys.migration_step, step, ex=MIGRATION_STEP_S)
        return step

    def _say_once(self, event: str, **fields: object) -> None:
        if self._said != event:
            self._said = event
            log.info(event, **fields)


async def _all(calls: Iterable[Awaitable[T]]) -> list[T]:
    """Wait for all of the calls to end, and raise the first failure."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast("list[T]", results)


async def stored_version(redis: Redis, keys: Keys) -> int:
    """Return the version of what is stored, 0 from before there were versions."""
    with translated():
        return int(await redis.get(keys.schema) or 0)
