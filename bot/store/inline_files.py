"""The bytes of files that are sent inline with each request, as base64, stored once for each digest of a content."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import structlog
from redis.asyncio import Redis

from bot.store.claim import Lease
from bot.store.connection import translated
from bot.store.content import Content, is_sealed
from bot.store.file_sweeps import UNNAMED_S, FileSweeps
from bot.store.keys import Keys
from bot.store.scripts import Commands, Scripts
from bot.store.scripts.held_files import KeepPrepared

log = structlog.get_logger()

INLINE_SLACK_S = 24 * 3600
"""Bytes are stored before the history is written; with this margin they expire after the history."""


class InlineFiles:
    """Reads and writes the bytes that conversations hold for `ttl_s` after their last use.

    All bytes together take `most_bytes` at most: beyond the limit, the least recently used bytes are removed.
    """

    def __init__(
        self, redis: Redis, keys: Keys, *, ttl_s: int, most_bytes: int, now_s: Callable[[], float]
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._sweeps = FileSweeps(redis, keys)
        self._scripts = Scripts(redis)
        self._ttl_s = ttl_s + INLINE_SLACK_S
        self._now_s = now_s
        self.most_bytes = most_bytes

    async def put(self, lease: Lease, digest: str, data: str) -> None:
        """Store bytes as base64, and remove the least recently used bytes beyond the limit.

        Fenced if the lease is lost.
        """
        conversation = lease.conversation
        await self._sweeps.schedule(conversation, UNNAMED_S)
        keep = KeepPrepared(
            lease=self._keys.lease(conversation),
            prepared=self._keys.inline(conversation),
            token=lease.token,
            field=digest,
            value=Content(data),
            ttl_s=self._ttl_s,
        )
        member = _member(conversation, digest, data)
        _, (members,) = await self._scripts.run_and_read(
            keep, before=self._listing(member), after=[("ZRANGE", self._keys.inline_index, 0, -1)]
        )
        await self._evict(members, latest=member)

    async def copy(self, target: int, digest: str, data: str) -> None:
        """Store bytes of another conversation for one that is being made from it."""
        await self._sweeps.schedule(target, UNNAMED_S)
        key, member = self._keys.inline(target), _member(target, digest, data)
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for command in self._listing(member):
                pipe.execute_command(*command)
            pipe.hset(key, digest, Content(data))
            pipe.expire(key, self._ttl_s)
            pipe.zrange(self._keys.inline_index, 0, -1)
            *_, members = await pipe.execute()
        await self._evict(members, latest=member)

    def _listing(self, member: str) -> Commands:
        """Return what lists bytes before they are stored.

        After a crash, the index may list bytes that are not stored, never the reverse.
        """
        index, now_s = self._keys.inline_index, int(self._now_s())
        return [("ZADD", index, now_s, member), ("ZREMRANGEBYSCORE", index, "-inf", now_s - self._ttl_s)]

    async def used(self, conversation: int, digests: list[str]) -> dict[str, str]:
        """Return the bytes of a request's inline files that are held, as base64."""
        key = self._keys.inline(conversation)
        with translated():
            found = await self._redis.hmget(key, digests)
            inline = {
                digest: str(data)
                for digest, data in zip(digests, found, strict=True)
                if data and not is_sealed(str(data))
            }
            if inline:
                used = {
                    _member(conversation, digest, data): int(self._now_s()) for digest, data in inline.items()
                }
                pipe = self._redis.pipeline(transaction=False)
                pipe.zadd(self._keys.inline_index, used)
                pipe.expire(key, self._ttl_s)
                await pipe.execute()
        return inline

    async def _evict(self, members: Sequence[str], *, latest: str) -> None:
        """Remove the bytes beyond the limit; `members` are in the order of their last use."""
        sizes = {str(member): int(str(member).rpartition(":")[2]) for member in members}
        if sum(sizes.values()) <= self.most_bytes:
            return
        with translated():
            # The index still lists bytes that expired with their conversation or were removed by a sweep.
            if missing := await self._missing(sizes):
                await self._redis.zrem(self._keys.inline_index, *missing)
            sizes = {member: size for member, size in sizes.items() if member not in missing}
            excess, evicted = sum(sizes.values()) - self.most_bytes, 0
            pipe = self._redis.pipeline(transaction=False)
            for member, size in sizes.items():
                if excess <= 0:
                    break
                if member == latest:
                    continue
                conversation, digest, _ = member.split(":")
                pipe.hdel(self._keys.inline(int(conversation)), digest)
                pipe.zrem(self._keys.inline_index, member)
                excess, evicted = excess - size, evicted + 1
            if evicted:
                await pipe.execute()
        if evicted:
            log.warning(
                "inline_files_evicted",
                files=evicted,
                hint="files.inline_mb is reached: the least recently used files were removed",
            )

    async def _missing(self, members: Collection[str]) -> set[str]:
        """Return the listed members whose bytes are not stored any more."""
        pipe = self._redis.pipeline(transaction=False)
        for member in members:
            conversation, digest, _ = member.split(":")
            pipe.hexists(self._keys.inline(int(conversation)), digest)
        found = await pipe.execute()
        return {member for member, exists in zip(members, found, strict=True) if not exists}


def _member(conversation: int, digest: str, data: str) -> str:
    return f"{conversation}:{digest}:{len(data)}"
