"""How far the audit log of a server has been posted to the server's channel for it.

The mark is a text that is only ever replaced by compare-and-set: the id of the last entry that was posted, and while
a message is being posted also the `Intent`. So one instance posts at a time, and a crash leaves behind which message
may or may not stand in which channel.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation.audit import AUDIT_CHANNEL, AuditEntry
from bot.store.audit_log import oldest_id, read_entry
from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet

LEAST_TRIM_S = 3600.0
"""Entries that end within an hour are removed together."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A message that is being posted: its last entry, its channel, by which instance, since when (ms)."""

    last: str
    channel: int
    owner: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Pending:
    """The entries to post, the earliest first; `mark` is the mark as it was read."""

    home: int
    channel: int
    mark: str
    after: str
    intent: Intent | None
    entries: tuple[AuditEntry, ...]


class AuditPosts:
    """Reads which entries are to be posted, and moves the mark."""

    def __init__(self, redis: Redis, keys: Keys, *, audit_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._audit_s = audit_s

    async def pending(self, home: int, *, count: int) -> Pending | None:
        """Return up to `count` entries that are not posted; None if the server has no channel for them.

        Without a mark the log is posted from the moment on at which the channel was set.
        """
        keys = self._keys
        with translated():
            channel, stamp = await self._redis.hmget(
                keys.scope(home, home), [AUDIT_CHANNEL, f"set:{AUDIT_CHANNEL}"]
            )
            mark = str(await self._redis.get(keys.audit_mark(home)) or "")
            if not channel:
                await self._redis.delete(keys.audit_mark(home))
                return None
            after, *intent = mark.split(" ")
            if not after:
                at_ms = int(str(stamp or "0 0").partition(" ")[2])
                after = f"{max(0, at_ms - 1)}-{2**64 - 1}"
            found: Any = await self._redis.xrange(keys.audit(home), f"({after}", "+", count)
        return Pending(
            home=home,
            channel=int(str(channel)),
            mark=mark,
            after=after,
            intent=Intent(intent[0], int(intent[1]), intent[2], int(intent[3])) if len(intent) == 4 else None,
            entries=tuple(read_entry(str(each), fields) for each, fields in found),
        )

    async def trim(self, home: int) -> float | None:
        """Remove the entries that are over, and return in how many seconds the next one is; None without entries."""
        key = self._keys.audit(home)
        with translated():
            await self._redis.xtrim(key, minid=oldest_id(self._audit_s), approximate=False)
            found: Any = await self._redis.xrange(key, count=1)
        if not found:
            return None
        at_ms = int(str(found[0][0]).partition("-")[0])
        return max(LEAST_TRIM_S, at_ms / 1000 + self._audit_s - time.time())

    async def begin(self, pending: Pending, intent: Intent) -> bool:
        """Note that a message is about to be posted; False if somebody else has moved the mark."""
        text = f"{pending.after} {intent.last} {intent.channel} {intent.owner} {intent.since_ms}"
        return await self._move(pending.home, pending.mark, text)

    async def end(self, pending: Pending, intent: Intent, *, posted: bool) -> bool:
        """Note that the message of an intent was posted, or was not and will not be."""
        text = f"{pending.after} {intent.last} {intent.channel} {intent.owner} {intent.since_ms}"
        return await self._move(pending.home, text, intent.last if posted else pending.after)

    async def _move(self, home: int, before: str, after: str) -> bool:
        call = CompareAndSet(
            step="audit_mark",
            value=self._keys.audit_mark(home),
            before=before,
            after=after,
            ttl_s=self._audit_s,
        )
        return bool(await self._scripts.run(call))
