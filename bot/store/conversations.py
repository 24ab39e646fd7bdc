"""Conversations before and between their turns: the inbox, their metadata, how far each channel has been listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.message import Message, created_ms
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.store.claim import Meta
from bot.store.codec import dump_message, padded_ids, pairs
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.file_sweeps import FileSweeps
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.keys import Keys, padded
from bot.store.person_wishes import forgotten_until
from bot.store.records import CHANNEL_FIELDS, NAME_FIELDS, read_delay_notice, read_meta, read_replies
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import HandOver, Leave, Receive, Reset
from bot.store.scripts.value import CompareAndSet


class Conversations:
    """Receives messages and stores metadata; `ttl_s` after its last message a conversation is forgotten."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int, shards: Shards = ALL_SHARDS) -> None:
        self._scripts = Scripts(redis)
        self._redis = redis
        self._keys = keys
        self._sweeps = FileSweeps(redis, keys)
        self._ttl_s = ttl_s
        self._shards = [f"{each}/{shards.count}" for each in shards.ids] if not shards.are_all else []

    async def receive(
        self,
        conversation: int,
        message: Message,
        *,
        source: str,
        channel_fields: Mapping[str, str | int],
        asker: int | None = None,
    ) -> bool | None:
        """Take a message into the inbox; False if the message is known, None if it is from before the last reset.

        The `asker` may stop the answer and have it written again; by default this is the author.
        """
        is_new, _ = await self.receive_from(
            None, conversation, message, source=source, channel_fields=channel_fields, asker=asker
        )
        return is_new

    async def receive_from(
        self,
        person: int | None,
        conversation: int,
        message: Message,
        *,
        source: str,
        channel_fields: Mapping[str, str | int],
        asker: int | None = None,
    ) -> tuple[bool | None, int]:
        """Take a message into the inbox as `receive` does, and say until when the messages of a person are forgotten.

        The latter is read once the message is stored, as by `PersonWishes.forgotten_until`; 0 without a person.
        """
        keys = self._keys
        when_ms = created_ms(message.id)
        wish = [] if person is None else [forgotten_until(keys, person)]
        answer, read = await self._scripts.run_and_read(
            Receive(
                record=keys.record(conversation, message.id),
                pending=keys.pending(conversation),
                meta=keys.meta(conversation),
                message=padded(message.id),
                when_ms=when_ms,
                payload=dump_message(message),
                source=source,
                author=message.author.id if asker is None else asker,
                ttl_s=self._ttl_s,
                channel_fields=tuple(item for pair in _stored(channel_fields) for item in pair),
            ),
            # Before the script, so that a crash in between leaves an item too many and never one too few; and after
            # the script with another score, so that a worker that has just found nothing to do does not remove it.
            # Also if the message is known: this may be a repeated call, or the repair of a crash. An item too many
            # costs a look.
            before=[("ZADD", keys.work, when_ms, conversation)],
            after=[
                ("ZADD", keys.work, when_ms + 1, conversation),
                ("ZADD", keys.known, "GT", when_ms, conversation),
                *wish,
            ],
        )
        return None if answer < 0 else bool(answer), int(read[-1] or 0) if wish else 0

    async def introduce(self, conversation: int, channel_fields: Mapping[str, str | int]) -> None:
        """Store the fields of the channel of a conversation without messages; fields that are stored already stay."""
        key = self._keys.meta(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            for name, value in _stored(channel_fields):
                pipe.hsetnx(key, name, str(value))
            pipe.expire(key, self._ttl_s)
            await pipe.execute()

    async def meta(self, conversation: int) -> Meta | None:
        """Return the metadata of a conversation, None if there is none.

        Of metadata that another version wrote, only the fields of `CHANNEL_FIELDS` are returned: they decide who
        may reset the conversation.
        """
        with translated():
            found = await self._redis.hgetall(self._keys.meta(conversation))
        fields = {str(name): str(value) for name, value in found.items()}
        try:
            return read_meta(fields) if fields else None
        except Unreadable:
            return read_meta({name: fields[name] for name in CHANNEL_FIELDS if name in fields})

    async def asker(self, message: int, channel: int) -> int | None:
        """Return who asked by a message of a channel: its author, or the person for whom it was posted; else None."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for conversation in (message, channel):
                pipe.hget(self._keys.record(conversation, message), "author")
            found = [str(each) for each in await pipe.execute() if each]
        return int(found[0]) if found else None

    async def leave(self, conversation: int, at: int) -> bool:
        """Store that from the interaction `at` on the bot answers nothing until it is mentioned.

        False if that changes nothing: the bot had left before.
        """
        call = Leave(meta=self._keys.meta(conversation), at=str(at), ttl_s=self._ttl_s)
        return bool(await self._scripts.run(call))

    async def hand_over(self, conversation: int, person: int, at: int) -> bool:
        """Make a person the starter by the interaction `at`; False if a later one has done so, or this one before."""
        meta = self._keys.meta(conversation)
        call = HandOver(meta=meta, person=person, at=padded(at), ttl_s=self._ttl_s)
        return bool(await self._scripts.run(call))

    async def reset(self, conversation: int, *, before: int) -> tuple[int, tuple[tuple[int, int], ...]]:
        """Forget the history and every message that waits; a running turn is fenced off.

        Returns how many turns were forgotten, and channel and id of each message that the running turn had posted.
        """
        keys = self._keys
        with translated():
            entries: list[Any] = await self._redis.lrange(keys.history(conversation), 0, -1)
        await self._sweeps.schedule(conversation)
        turns, _, record = await self._scripts.run(
            Reset(
                lease=keys.lease(conversation),
                pending=keys.pending(conversation),
                history=keys.history(conversation),
                meta=keys.meta(conversation),
                unreconciled=keys.reconcile(conversation),
                files=keys.files(conversation),
                inline=keys.inline(conversation),
                steps=keys.tool_steps(conversation),
                records=keys.record_prefix(conversation),
                results=keys.result_prefix(conversation),
                before=padded(before),
                ttl_s=self._ttl_s,
                done_s=DONE_RECORD_S,
                turns=padded_ids(entries),
            )
        )
        fields = pairs(record)
        notice = read_delay_notice(fields)
        posted = tuple((conversation, message) for message in read_replies(fields).values())
        return int(turns), (*posted, *((notice,) if notice else ()))

    async def server(self, conversation: int) -> int | None:
        """Return the server of a conversation, None for direct messages and unknown conversations."""
        with translated():
            found = await self._redis.hget(self._keys.meta(conversation), "guild")
        return int(found) if found and str(found).isdigit() else None

    async def archives_listed(self) -> int | None:
        """Return until when (ms) the archived threads have been listed, None if they never were.

        A shard that has no time of its own may have any server, so the earliest time of all counts.
        """
        with translated():
            found = await self._redis.get(self._keys.archives_listed)
            by_shard: dict[Any, Any] = {}
            if self._shards:
                by_shard = await self._redis.hgetall(self._keys.archives_listed_by_shard)
        times = {str(shard): int(str(time)) for shard, time in by_shard.items()}
        if self._shards and times.keys() >= set(self._shards):
            return min(times[each] for each in self._shards)
        return min((int(str(found)), *times.values())) if found else None

    async def note_archives_listed(self, until_ms: int) -> None:
        """Store until when (ms) the archived threads have been listed."""
        with translated():
            if self._shards:
                times: dict[Any, Any] = dict.fromkeys(self._shards, until_ms)
                await self._redis.hset(self._keys.archives_listed_by_shard, mapping=times)
            else:
                await self._redis.set(self._keys.archives_listed, until_ms)

    async def recorded(self, messages: Sequence[tuple[int, int]]) -> frozenset[int]:
        """Return which of the messages, by conversation and id, have a record: those are, or will be, answered."""
        if not messages:
            return frozenset()
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for conversation, message in messages:
                pipe.exists(self._keys.record(conversation, message))
            found: list[Any] = await pipe.execute()
        return frozenset(message for (_, message), exists in zip(messages, found, strict=True) if exists)

    async def since(self, now_ms: int) -> int:
        """Return when (ms) the bot began to listen with this store; that is now if it never did."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(self._keys.since, now_ms, nx=True)
            pipe.get(self._keys.since)
            _, since = await pipe.execute()
        return int(str(since or now_ms))

    async def marks(self, channel_ids: Sequence[int]) -> tuple[int | None, ...]:
        """Return the high-water mark of each channel, None for a channel that was never listed."""
        if not channel_ids:
            return ()
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for channel_id in channel_ids:
                pipe.get(self._keys.high_water_mark(channel_id))
            found = await pipe.execute()
        return tuple(int(mark) if mark else None for mark in found)

    async def advance(
        self, channel_id: int, *, before: int | None, after: int, listed: Iterable[tuple[int, int]]
    ) -> bool:
        """Move a channel's high-water mark from `before` to `after`; False if the channel is to be listed again.

        `listed` are conversations and messages that must have a record there by now; a mention in a channel has its
        record in a conversation of its own. False if a record is missing, or another instance has moved the mark.
        """
        call = CompareAndSet(
            step="mark",
            value=self._keys.high_water_mark(channel_id),
            before="" if before is None else padded(before),
            after=padded(after),
            ttl_s=self._ttl_s,
            required=tuple(self._keys.record(conversation, message) for conversation, message in listed),
        )
        return bool(await self._scripts.run(call))

    async def list_again(self, channel_id: int, message: int) -> None:
        """Have a channel listed from a message on by the next sweep of the process that serves the channel."""
        while True:
            (mark,) = await self.marks([channel_id])
            is_ahead = mark is None or mark < message
            if is_ahead or await self.advance(channel_id, before=mark, after=message - 1, listed=()):
                return


def _stored(channel_fields: Mapping[str, str | int]) -> Iterator[tuple[str, str | int]]:
    """Yield fields as they are written: the names of places are content."""
    for name, value in channel_fields.items():
        yield name, Content(str(value)) if name in NAME_FIELDS else value
