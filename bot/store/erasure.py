"""Removes what was found of a person, each kind by the script that changes it; a repeated removal finds nothing."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.identity import Identity
from bot.conversation.scope import WITHHELD, Scope
from bot.store.connection import translated
from bot.store.examined import Examined
from bot.store.file_sweeps import FileSweeps
from bot.store.keys import Keys
from bot.store.records import branches_in
from bot.store.revisions import Change, Revisions
from bot.store.scope_settings import ScopeSettings
from bot.store.scripts import Scripts
from bot.store.scripts.privacy import ReplaceField
from bot.store.stale_summaries import StaleSummaries


@dataclass(frozen=True, slots=True)
class Erased:
    """What followed from an erasure: whether a turn is to be taken up.

    It is not `complete` where something has changed since it was read.
    """

    wakes: bool
    complete: bool


class Erasure:
    """Needs no lease: a running turn of the person's messages is fenced off."""

    def __init__(self, redis: Redis, keys: Keys, revisions: Revisions, scope_settings: ScopeSettings) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._revisions = revisions
        self._scope_settings = scope_settings
        self._summaries = StaleSummaries(redis, keys)
        self._sweeps = FileSweeps(redis, keys)

    async def erase(self, examined: Examined, who: Identity, *, first: int | None) -> Erased:
        """Remove what was found; `first` is the index of the first entry that has held something of the person."""
        tag, wakes, complete = examined.tag, False, True
        if first is not None:
            # Before the entries are changed: only they tell which summaries may hold the person's words.
            await self._summaries.drop(tag, first)
        if examined.calls or examined.contents or examined.records:
            await self._sweeps.schedule(tag)
        # Before what names them is changed: an instance that takes the job up would not find them any more.
        if examined.contents:
            with translated():
                await self._redis.hdel(self._keys.files(tag), *sorted(examined.contents))
        await self._delete_keys(examined)
        for call in examined.calls:
            complete &= bool(await self._scripts.run(call))
        for message in sorted(examined.records):
            change = await self._revisions.delete(tag, message)
            wakes |= change in (Change.WAITING, Change.ANSWERING, Change.LAST)
            with translated():
                await self._redis.hdel(self._keys.record(tag, message), "author")
        await self._remove_prompts(examined, who)
        return Erased(wakes, complete)

    async def summaries(self, tag: int, first: int | None) -> int:
        """Return how many summaries an erasure drops."""
        return 0 if first is None else await self._summaries.count(tag, first)

    async def branches(self, tag: int) -> tuple[int, ...]:
        """Return the branches of a conversation."""
        with translated():
            fields = await self._redis.hkeys(self._keys.meta(tag))
        return branches_in([str(name) for name in fields])

    async def turn(self, conversation: int) -> tuple[int, bool]:
        """Return the token of the lease, and whether a turn runs under it.

        A lease that has lapsed gets another token. Its worker may be slow and not dead, and would else commit later
        what it has read, as long as nobody has claimed the conversation.
        """
        lease = self._keys.lease(conversation)
        with translated():
            found = await self._redis.hmget(lease, ["token", "expires"])
        token, expires = (int(str(each or 0)) for each in found)
        if not expires:
            return token, False
        with translated():
            seconds, microseconds = await self._redis.time()
        now_ms = seconds * 1000 + microseconds // 1000
        if expires > now_ms:
            return token, True
        raised = max(now_ms, token + 1)
        for field, before, after in (("token", token, raised), ("expires", expires, 0)):
            call = ReplaceField(value=lease, field=field, before=str(before), after=str(after))
            if not await self._scripts.run(call):
                return await self.turn(conversation)  # renewed, or claimed, just now
        return raised, False

    async def _delete_keys(self, examined: Examined) -> None:
        keys, tag = self._keys, examined.tag
        gone = [
            *(keys.result(tag, turn) for turn in examined.results),
            *(keys.recent_text(tag, message) for message in examined.recent),
            *(f"{keys.prefix}:{name}" for name in examined.keys),
        ]
        if gone:
            with translated():
                await self._redis.delete(*gone)

    async def _remove_prompts(self, examined: Examined, who: Identity) -> None:
        home = examined.tag
        for target in examined.prompts:
            scope = await self._scope_of(home, target)
            await self._scope_settings.change(
                Actor(home, who.person, who.before), scope, target, dict.fromkeys(WITHHELD)
            )
        for target, entries in examined.versions.items():
            with translated():
                await self._redis.xdel(self._keys.versions(home, target), *entries)

    async def _scope_of(self, home: int, target: int) -> Scope:
        with translated():
            if await self._redis.exists(self._keys.meta(target)):
                return Scope.THREAD
        return Scope.SERVER if target == home else Scope.CHANNEL
