"""The audit log of each server: who changed what, where and when."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from bot.conversation.audit import Actor, AuditEntry
from bot.conversation.scope import Scope
from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.settings import NoteAct


class AuditLog:
    """Notes and lists administrative acts; an entry lives `audit_s`."""

    def __init__(self, redis: Redis, keys: Keys, *, audit_s: int) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self._audit_s = audit_s

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
        return bool(await self._scripts.run(call))

    async def latest(self, home: int, *, count: int, before: str | None = None) -> tuple[AuditEntry, ...]:
        """Return up to `count` entries, the latest first; those before the entry `before`, if given."""
        end = "+" if before is None else f"({before}"
        with translated():
            found: Any = await self._redis.xrevrange(self._keys.audit(home), end, "-", count)
        return tuple(_read(str(each), fields) for each, fields in found)


def _read(entry: str, fields: dict[str, str]) -> AuditEntry:
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
