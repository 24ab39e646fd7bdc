"""Files that a branch shares with the conversation it comes from.

Each conversation holds its files by itself, and an upload is deleted at Anthropic by the last one that holds it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from redis.asyncio import Redis

from bot.conversation.content import FileSource, InlineSource, Source
from bot.store.connection import translated
from bot.store.content import is_sealed
from bot.store.held_files import HeldFiles, Upload
from bot.store.key_lifetimes import UPLOADS_S
from bot.store.keys import Keys


class SharedFiles:
    """Lets a conversation hold files of another one."""

    def __init__(self, redis: Redis, keys: Keys, held_files: HeldFiles) -> None:
        self._redis = redis
        self._keys = keys
        self._held_files = held_files

    async def share(self, source: int, target: int, named: Collection[Source]) -> None:
        """Let `target` hold those of the named files that `source` holds; a repeated call shares them once."""
        digests = sorted({each.digest for each in named if isinstance(each, InlineSource)})
        if digests:
            with translated():
                found = await self._redis.hmget(self._keys.inline(source), digests)
            for digest, data in zip(digests, found, strict=True):
                if data and not is_sealed(str(data)):
                    await self._held_files.inline.copy(target, digest, str(data))
        ids = {each.file_id for each in named if isinstance(each, FileSource)}
        if ids:
            await self._share_uploads(source, target, ids)

    async def _share_uploads(self, source: int, target: int, ids: Collection[str]) -> None:
        keys = self._keys
        with translated():
            before: dict[Any, Any] = await self._redis.hgetall(keys.uploads(source))
            wanted = {
                str(digest): str(text)
                for digest, text in before.items()
                if Upload.read(str(text)).file_id in ids
            }
            if not wanted:
                return
        # First, so that a sweep of the source that begins from now on leaves the upload to the target.
        for text in wanted.values():
            await self._note(source, target, Upload.read(text).file_id or "")
        with translated():
            held = await self._redis.hmget(keys.uploads(source), list(wanted))
            there = await self._redis.hmget(keys.uploads(target), list(wanted))
            for (digest, text), now, shared in zip(wanted.items(), held, there, strict=True):
                if str(now) == text:
                    pipe = self._redis.pipeline(transaction=True)
                    pipe.hsetnx(keys.uploads(target), digest, text)
                    pipe.expire(keys.uploads(target), UPLOADS_S)
                    await pipe.execute()
                elif str(shared) != text:  # else an earlier attempt has shared it in time
                    await self._leave(target, Upload.read(text).file_id or "")

    async def _note(self, source: int, target: int, file_id: str) -> None:
        """Note that both conversations hold an upload."""
        shared = self._keys.shared(file_id)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.sadd(shared, str(source), str(target))
            pipe.expire(shared, UPLOADS_S)
            await pipe.execute()

    async def _leave(self, target: int, file_id: str) -> None:
        """Take back that a conversation holds an upload, which a sweep has begun to delete before.

        That sweep may have left the deletion to the conversation.
        """
        discarded = self._keys.discarded(target)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.sadd(discarded, file_id)
            pipe.expire(discarded, UPLOADS_S)
            await pipe.execute()
            await self._redis.srem(self._keys.shared(file_id), str(target))
