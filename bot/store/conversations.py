"""Conversations from outside: the inbox, what is known of each, how far each place has been listed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.message import Message, created_ms
from bot.store.claim import FACTS, Meta, read_delay_notice, read_meta, read_replies
from bot.store.codec import dump_message, pairs
from bot.store.connection import translated
from bot.store.keys import DONE_RECORD_S, Keys, padded
from bot.store.scripts import Scripts

PARENTS_AT_ONCE = 1000
"""One answer of the store is no longer than this."""


class Conversations:
    """Takes messages in and keeps what is known; `ttl_s` after the last message a conversation is forgotten."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._scripts = Scripts(redis)
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def receive(
        self, conversation: int, message: Message, *, source: str, facts: Mapping[str, str | int]
    ) -> bool | None:
        """Take a message into the inbox; False if it is known already, None if from before the last reset."""
        keys = self._keys
        flat = [item for pair in facts.items() for item in pair]
        when_ms = created_ms(message.id)
        with translated():
            # Before the record, so that a crash in between leaves a hint too many and never one too few; and
            # after it with another score, so that whoever just found nothing to do does not take it away.
            await self._redis.zadd(keys.work, {str(conversation): when_ms})
            answer = await self._scripts.run(
                "receive",
                [keys.record(conversation, message.id), keys.pending(conversation), keys.meta(conversation)],
                [
                    padded(message.id),
                    when_ms,
                    dump_message(message),
                    source,
                    self._ttl_s,
                    message.author.id,
                    *flat,
                ],
            )
            if answer >= 0:
                # Also if it is known: that may be the answer to a repeated call, or this the repair of a crash.
                pipe = self._redis.pipeline(transaction=False)
                pipe.zadd(keys.work, {str(conversation): when_ms + 1})
                pipe.zadd(keys.known, {str(conversation): when_ms}, gt=True)
                await pipe.execute()
        return None if answer < 0 else bool(answer)

    async def introduce(self, conversation: int, facts: Mapping[str, str | int]) -> None:
        """Note what is known of a conversation in which nothing has been said yet."""
        key = self._keys.meta(conversation)
        with translated():
            for name, value in facts.items():
                await self._redis.hsetnx(key, name, str(value))
            await self._redis.expire(key, self._ttl_s)

    async def meta(self, conversation: int) -> Meta | None:
        """Return what is known of a conversation, None if there is none.

        Of one that another version wrote, what is known of its place: whoever may reset it is to be told from that.
        """
        with translated():
            found = await self._redis.hgetall(self._keys.meta(conversation))
        fields = {str(name): str(value) for name, value in found.items()}
        try:
            return read_meta(fields) if fields else None
        except Unreadable:
            return read_meta({name: fields[name] for name in FACTS if name in fields})

    async def leave(self, conversation: int, at: int) -> None:
        """Note that from an interaction on nothing is answered until the bot is mentioned."""
        key = self._keys.meta(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hdel(key, "joined")
            pipe.hset(key, "left", str(at))
            pipe.expire(key, self._ttl_s)
            await pipe.execute()

    async def reset(self, conversation: int, *, before: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Forget the history and what waits; a running turn is fenced off.

        Returns how many turns were forgotten, and place and id of each message that the running turn had posted.
        """
        keys = self._keys
        with translated():
            turns, _, record = await self._scripts.run(
                "reset",
                [
                    keys.lease(conversation),
                    keys.pending(conversation),
                    keys.history(conversation),
                    keys.meta(conversation),
                    keys.settling(conversation),
                ],
                [
                    keys.record_prefix(conversation),
                    padded(before),
                    DONE_RECORD_S,
                    self._ttl_s,
                    keys.result_prefix(conversation),
                ],
            )
        fields = pairs(record)
        sign = read_delay_notice(fields)
        posted = tuple((conversation, message) for message in read_replies(fields).values())
        return int(turns), (*posted, *((sign,) if sign else ()))

    async def known(self, now_ms: int) -> tuple[int, ...]:
        """Return the conversations that are not forgotten yet, those with the latest message first."""
        with translated():
            await self._redis.zremrangebyscore(self._keys.known, "-inf", f"({now_ms - self._ttl_s * 1000}")
            found: list[Any] = await self._redis.zrevrange(self._keys.known, 0, -1)
        return tuple(int(member) for member in found)

    async def parents(self, conversations: Sequence[int]) -> tuple[int | None, ...]:
        """Return the channel of each thread, None for direct messages and for what is not known."""
        found: list[Any] = []
        for start in range(0, len(conversations), PARENTS_AT_ONCE):
            with translated():
                pipe = self._redis.pipeline(transaction=False)
                for conversation in conversations[start : start + PARENTS_AT_ONCE]:
                    pipe.hget(self._keys.meta(conversation), "parent")
                found += await pipe.execute()
        return tuple(int(parent) if parent and str(parent).isdigit() else None for parent in found)

    async def looked(self) -> int | None:
        """Return until when (ms) the archived threads have been looked through, None if they never were."""
        with translated():
            found = await self._redis.get(self._keys.looked)
        return int(str(found)) if found else None

    async def note_look(self, until_ms: int) -> None:
        """Note until when the archived threads have been looked through."""
        with translated():
            await self._redis.set(self._keys.looked, until_ms)

    async def recorded(self, messages: Sequence[tuple[int, int]]) -> int:
        """Return how many of these have a record, by conversation and message: they were, or are, answered."""
        if not messages:
            return 0
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for conversation, message in messages:
                pipe.exists(self._keys.record(conversation, message))
            return sum(await pipe.execute())

    async def since(self, now_ms: int) -> int:
        """Return when the bot began to listen with this store, in ms; that is now if it never did."""
        with translated():
            await self._redis.set(self._keys.since, now_ms, nx=True)
            return int(str(await self._redis.get(self._keys.since) or now_ms))

    async def marks(self, places: Sequence[int]) -> tuple[int | None, ...]:
        """Return up to which message each place has been listed, None where it never was."""
        if not places:
            return ()
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for place in places:
                pipe.get(self._keys.mark(place))
            found = await pipe.execute()
        return tuple(int(mark) if mark else None for mark in found)

    async def advance(
        self, place: int, *, before: int | None, after: int, listed: Iterable[tuple[int, int]]
    ) -> bool:
        """Move a place's mark; False if something has changed since it was read, so that it is to be listed anew.

        `listed` are conversations and the messages that must have a record there by now; those of a mention in a
        channel stand in conversations of their own.
        """
        with translated():
            moved = await self._scripts.run(
                "mark",
                [self._keys.mark(place)],
                [
                    "" if before is None else padded(before),
                    padded(after),
                    self._ttl_s,
                    *(self._keys.record(conversation, message) for conversation, message in listed),
                ],
            )
        return bool(moved)
