"""Which conversations may hold files that nothing names any more, and the removal of those files from the store.

A file is named by the entries of the window, by those in front of the window, and by those that pins may bring back.
Nothing counts references: the names are read from the history at each sweep.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.conversation.content import FileSource, InlineSource
from bot.store.codec import load_turn
from bot.store.connection import translated
from bot.store.due_queue import DueItem, DueQueue
from bot.store.key_lifetimes import UPLOADS_S
from bot.store.keys import Keys
from bot.store.records import read_meta
from bot.store.scripts import Scripts
from bot.store.scripts.held_files import DiscardFiles

SETTLE_S = 2.0
"""A sweep is scheduled before the change that makes it necessary; after this time the change is stored."""

UNNAMED_S = 3600.0
"""A file is stored before its turn is committed; a file that nothing names after this time has no turn."""

AFTER_END_S = 60
"""The time from the end of a conversation to its last sweep."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A conversation to sweep; `score` is when the next attempt is due, in ms, as Redis writes it."""

    conversation: int
    score: str


@dataclass(frozen=True, slots=True)
class Unnamed:
    """The files of a conversation that nothing names.

    `digests` are the digests of their contents. `unanswered` maps the digests of uploads without a response to the
    time of the upload, in seconds since 1970. `length`, `window_start` and `indexes` are the stored values that were
    read, so that `discard` notices a later change.
    """

    digests: tuple[str, ...]
    unanswered: dict[str, int]
    busy: bool
    length: int
    window_start: str
    indexes: str


class FileSweeps:
    """Schedules sweeps, and moves the ids of uploads that nothing names to the set of uploads to delete."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._queue = DueQueue(redis, keys.sweeps)

    async def schedule(self, conversation: int, in_s: float = SETTLE_S) -> None:
        """Schedule a sweep of a conversation in `in_s` seconds, unless an earlier sweep is scheduled."""
        await self._queue.schedule(conversation, in_s)

    async def take(self, next_in_s: float) -> tuple[Sweep, ...]:
        """Return the conversations that are due; each is due again in `next_in_s`, unless `done` is called."""
        return tuple(Sweep(each.id, each.score) for each in await self._queue.take(next_in_s))

    async def done(self, sweep: Sweep, again_in_s: float | None = None) -> None:
        """Note that a conversation was swept; `again_in_s` schedules another sweep.

        After a complete sweep of a conversation that holds files, the next sweep is due at the conversation's end. A
        sweep that was scheduled since `take` stays.
        """
        keys, conversation = self._keys, sweep.conversation
        removed = await self._queue.done(DueItem(conversation, sweep.score), again_in_s)
        if not removed or again_in_s is not None:
            return
        with translated():
            held = await self._redis.exists(keys.uploads(conversation), keys.inline(conversation))
            if not held:
                return
            lives = [
                int(await self._redis.ttl(key))
                for key in (keys.history(conversation), keys.meta(conversation))
            ]
        await self.schedule(conversation, max(0, *lives) + AFTER_END_S)

    async def unnamed(self, conversation: int) -> Unnamed:
        """Return the files that nothing names; Unreadable if another version wrote the history."""
        keys = self._keys
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.zcard(keys.pending(conversation))
            pipe.hgetall(keys.meta(conversation))
            pipe.hgetall(keys.uploads(conversation))
            pipe.hkeys(keys.inline(conversation))
            waiting, fields, uploads, inline = await pipe.execute()
            fields = {str(name): str(value) for name, value in fields.items()}
            meta = read_meta(fields)
            pipe = self._redis.pipeline(transaction=False)
            pipe.llen(keys.history(conversation))
            pipe.lrange(keys.history(conversation), meta.window_start, -1)
            for index in meta.pinned_indexes:
                if index < meta.window_start:
                    pipe.lindex(keys.history(conversation), index)
            length, entries, *recalled = await pipe.execute()
        past = meta.past(
            tuple(load_turn(str(entry)) for entry in entries),
            tuple(load_turn(str(entry)) for entry in recalled if entry),
        )
        ids = {source.file_id for source in past.sources if isinstance(source, FileSource)}
        digests = {source.digest for source in past.sources if isinstance(source, InlineSource)}
        read = {str(digest): str(text).partition(" ") for digest, text in uploads.items()}
        unnamed = [
            *(digest for digest, (_, _, file_id) in read.items() if file_id not in ids),
            *(str(digest) for digest in inline if str(digest) not in digests),
        ]
        return Unnamed(
            digests=tuple(dict.fromkeys(unnamed)),
            unanswered={digest: int(at) for digest, (at, _, file_id) in read.items() if not file_id},
            busy=waiting > 0,
            length=int(length),
            window_start=fields.get("cut", ""),
            indexes=fields.get("places", ""),
        )

    async def discard(self, conversation: int, unnamed: Unnamed) -> bool:
        """Forget files that nothing names; False if a turn runs or waits, or if the history has changed.

        No request loses a file, because a request in flight belongs to a running turn. The ids of the uploads are
        stored until `deleted` is called.
        """
        keys = self._keys
        if not unnamed.digests:
            return True
        return bool(
            await self._scripts.run(
                DiscardFiles(
                    pending=keys.pending(conversation),
                    history=keys.history(conversation),
                    meta=keys.meta(conversation),
                    uploads=keys.uploads(conversation),
                    inline=keys.inline(conversation),
                    discarded=keys.discarded(conversation),
                    length=unnamed.length,
                    window_start=unnamed.window_start,
                    indexes=unnamed.indexes,
                    discarded_s=UPLOADS_S,
                    digests=unnamed.digests,
                )
            )
        )

    async def discarded(self, conversation: int) -> tuple[str, ...]:
        """Return the ids of the uploads to delete."""
        with translated():
            found = await self._redis.smembers(self._keys.discarded(conversation))
        return tuple(sorted(str(file_id) for file_id in found))

    async def release(self, conversation: int, file_id: str) -> bool:
        """Say whether an upload is to be deleted: no other conversation holds it from now on."""
        key = self._keys.shared(file_id)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.srem(key, str(conversation))
            pipe.scard(key)
            _, others = await pipe.execute()
        return not others

    async def deleted(self, conversation: int, ids: Collection[str]) -> None:
        """Note that uploads are deleted."""
        with translated():
            await self._redis.srem(self._keys.discarded(conversation), *ids)
