"""Erases what is kept of threads, channels and servers that do not exist any more, or are quiet for too long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from bot.conversation.memory import MemoryPlace
from bot.store.codec import padded_ids
from bot.store.connection import translated
from bot.store.file_sweeps import FileSweeps
from bot.store.key_lifetimes import DONE_RECORD_S, USAGE_S
from bot.store.key_reader import KEYS_AT_ONCE
from bot.store.keys import Keys
from bot.store.memories import Memories
from bot.store.scripts import Scripts
from bot.store.scripts.privacy import EraseConversation
from bot.store.usage import Usage

NOTHING_SINCE = "0"
"""No turn is older: a conversation that has begun anew meanwhile stays."""


class RemovedPlaces:
    """Erases conversations, and what is set for their channels and servers; a repeated erasure finds nothing."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._sweeps = FileSweeps(redis, keys)
        self._usage = Usage(redis, keys, usage_s=USAGE_S)
        self._memories = Memories(redis, keys, ttl_s=USAGE_S)  # it erases alone

    async def erase_conversation(
        self, conversation: int, *, older_than: int | None = None, keeps_reminders: bool = False
    ) -> bool:
        """Erase a conversation with its settings; a running turn is fenced off, and its uploads are swept.

        With `older_than` nothing is done if a turn waits or the last one is not older than that id.
        `keeps_reminders`: the place still exists, and what somebody asked for is due at its own time.

        Returns whether this call has erased it: of several processes that do so at once, one is told True.
        """
        keys = self._keys
        with translated():
            guild, parent = await self._redis.hmget(keys.meta(conversation), ["guild", "parent"])
            recent: list[Any] = await self._redis.zrange(keys.recent(conversation), 0, -1)
            entries: list[Any] = await self._redis.lrange(keys.history(conversation), 0, -1)
        await self._sweeps.schedule(conversation)
        call = EraseConversation(
            lease=keys.lease(conversation),
            pending=keys.pending(conversation),
            history=keys.history(conversation),
            meta=keys.meta(conversation),
            unreconciled=keys.reconcile(conversation),
            files=keys.files(conversation),
            inline=keys.inline(conversation),
            steps=keys.tool_steps(conversation),
            approvals=keys.approvals(conversation),
            mark=keys.high_water_mark(conversation),
            records=keys.record_prefix(conversation),
            results=keys.result_prefix(conversation),
            older_than="" if older_than is None else str(older_than),
            keeps_home=True,
            done_s=DONE_RECORD_S,
            turns=padded_ids(entries),
        )
        if int(await self._scripts.run(call)) < 0:
            return False
        home = int(str(guild)) if guild else conversation
        with translated():
            accepted = [int(str(member).split(":")[1]) for member in recent]
            await self._redis.delete(
                keys.recent(conversation), *(keys.recent_text(conversation, each) for each in accepted)
            )
            if parent:  # the message that the thread was started from
                await self._redis.delete(keys.recent_text(int(str(parent)), conversation))
            await self._redis.delete(keys.scope(home, conversation), keys.versions(home, conversation))
            if not keeps_reminders:
                await self._redis.delete(keys.reminders(conversation))
                await self._redis.zrem(keys.reminders_due, str(conversation))
        await self._memories.erase(MemoryPlace(home, conversation))
        # Last, so that an erasure that was interrupted is found, and can be repeated.
        with translated():
            is_removed = bool(await self._redis.zrem(keys.known, str(conversation)))
        await self._scripts.run(replace(call, older_than=NOTHING_SINCE, keeps_home=False, turns=()))
        return is_removed

    async def erase_channel(self, server: int, channel: int) -> None:
        """Erase what is set for a channel, and what was learnt there; its threads are conversations of their own."""
        keys = self._keys
        with translated():
            recent: list[Any] = await self._redis.zrange(keys.recent(channel), 0, -1)
            texts = [keys.recent_text(channel, int(str(member).split(":")[1])) for member in recent]
            if texts:
                await self._redis.delete(*texts)
            await self._redis.delete(keys.scope(server, channel), keys.versions(server, channel))
            await self._redis.delete(keys.recent(channel), keys.high_water_mark(channel))
            await self._redis.delete(keys.legacy_scope(channel))
        await self._memories.erase_learnt_in(server, channel)

    async def erase_server(self, server: int) -> None:
        """Erase what is set and noted for a server, whatever shares its hash tag."""
        await self._usage.erase(server)
        beginning = f"{self._keys.prefix}:{{{server}}}:"
        with translated():
            async for key in self._redis.scan_iter(match=f"{beginning}*", count=KEYS_AT_ONCE):
                await self._redis.delete(key)
            await self._redis.delete(self._keys.legacy_scope(server))
