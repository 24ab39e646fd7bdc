"""The audit log of each server: who changed what, where and when."""

from __future__ import annotations

import time
from typing import Any

from redis.asyncio import Redis

from bot.conversation.audit import Actor, AuditEntry, AuditFilter, AuditPage
from bot.conversation.scope import Scope
from bot.store.connection import translated
from bot.store.due_queue import DueQueue
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.settings import NoteAct

SCANNED_AT_ONCE = 500
MOST_SCANNED = 5000
"""A filter that few entries pass reads no more of a log for one page; the next page reads on."""

SETTLE_S = 30.0
"""A post of an entry is scheduled before the entry is noted, in case of a crash in between, and when it is noted."""


class AuditLog:
    """Notes and lists administrative acts; an entry lives `audit_s`."""

    def __init__(self, redis: Redis, keys: Keys, *, audit_s: int) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self._audit_s = audit_s
        self._due = DueQueue(redis, keys.audit_posts)

    async def note(
        self, actor: Actor, scope: Scope, target: int, what: str, *, before: str = "", after: str = ""
    ) -> bool:
        """Note an act that changes no setting; False if it is noted already."""
        call = NoteAct(
            audit=self._keys.audit(actor.home),
            scope=scope.value,
            target=target,
            person=actor.person,
            interaction=actor.interaction,
            audit_s=self._audit_s,
            what=what,
            before=before,
            after=after,
        )
        await self._due.schedule(actor.home, SETTLE_S)
        noted = bool(await self._scripts.run(call))
        await self._due.schedule(actor.home)
        return noted

    async def latest(self, home: int, *, count: int, before: str | None = None) -> tuple[AuditEntry, ...]:
        """Return up to `count` entries, the latest first; those before the entry `before`, if given."""
        end = "+" if before is None else f"({before}"
        with translated():
            found: Any = await self._redis.xrevrange(
                self._keys.audit(home), end, oldest_id(self._audit_s), count
            )
        return tuple(read_entry(str(each), fields) for each, fields in found)

    async def page(
        self, home: int, wanted: AuditFilter, *, count: int, before: str | None = None
    ) -> AuditPage:
        """Return up to `count` entries that a filter admits, the latest first, from before an entry if given."""
        found: list[AuditEntry] = []
        scanned = 0
        while scanned < MOST_SCANNED:
            entries = await self.latest(home, count=SCANNED_AT_ONCE, before=before)
            scanned += len(entries)
            for entry in entries:
                if wanted.admits(entry):
                    if len(found) == count:
                        return AuditPage(tuple(found), before)
                    found.append(entry)
                before = entry.id
            if len(entries) < SCANNED_AT_ONCE:
                return AuditPage(tuple(found))
        return AuditPage(tuple(found), before)


def oldest_id(audit_s: int) -> str:
    """Return the least id of an entry that is not over; a log of which the latest entry lives on holds older ones."""
    return str(round((time.time() - audit_s) * 1000))


def read_entry(entry: str, fields: dict[str, str]) -> AuditEntry:
    """Read an entry of the stream."""
    return AuditEntry(
        id=entry,
        at_ms=int(entry.partition("-")[0]),
        person=int(fields["person"]),
        scope=Scope(fields["scope"]),
        target=int(fields["target"]),
        what=fields["what"],
        before=fields["before"],
        after=fields["after"],
    )
