"""What people can see and change of what Claude remembers: pins, and the summary of trimmed turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from bot.conversation.correction import fingerprint
from bot.conversation.past import Past
from bot.conversation.visible import is_blank
from bot.store.codec import dump_correction, load_turn
from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.records import read_meta
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import Correct, Pin

NEAR_TURNS = 8
"""Entries are ordered by their ids, except those that a listing has brought late, which are a few indexes off."""


class PinsAndSummaries:
    """Reads a conversation's window, and stores what people change of it for as long as the conversation lives.

    No method needs a lease: a running turn has read its input, and the next turn reads it again.
    """

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._ttl_s = ttl_s

    async def knows(self, conversation: int) -> bool:
        """Say whether a conversation is known."""
        with translated():
            return bool(await self._redis.exists(self._keys.meta(conversation)))

    async def past(self, conversation: int) -> Past:
        """Return what the next turn would read."""
        past, _, _ = await self._read(conversation)
        return past

    async def _read(self, conversation: int) -> tuple[Past, str, str]:
        """Return the past that the next turn would read, and the newest entry and the correction as stored, or ""."""
        key = self._keys.history(conversation)
        with translated():
            fields = await self._redis.hgetall(self._keys.meta(conversation))
            meta = read_meta({str(name): str(value) for name, value in fields.items()})
            pipe = self._redis.pipeline(transaction=False)
            pipe.lrange(key, meta.window_start, -1)
            for index in meta.pinned_indexes:
                if index < meta.window_start:
                    pipe.lindex(key, index)
            entries, *recalled = await pipe.execute()
        past = meta.past(
            history=tuple(load_turn(str(entry)) for entry in entries),
            recalled=tuple(load_turn(str(entry)) for entry in recalled if entry),
        )
        return past, str(entries[-1]) if entries else "", meta.correction

    async def pin(self, conversation: int, messages: Iterable[int]) -> None:
        """Store the ids of all pinned messages; they count from the next trim on.

        The indexes of their turns are looked up, so that a turn before the window can come back: about log2 of the
        history's length in round trips, however many pins there are. The turns in front of the window are looked up
        as well, so that an edit of their messages changes them even when they are not pinned any more.
        """
        pins = sorted(set(messages))
        history = self._keys.history(conversation)
        stored = False
        # Again if a turn was committed meanwhile, which may hold a pin. A later commit stores its own index.
        while not stored:
            with translated():
                length = int(await self._redis.llen(history))
            before = await self.past(conversation)
            wanted = sorted({*pins, *(turn.id for turn in before.preface.pinned)})
            indexes = await self._indexes(conversation, wanted, length)
            stored = bool(
                await self._scripts.run(
                    Pin(
                        history=history,
                        meta=self._keys.meta(conversation),
                        length=length,
                        pins=" ".join(map(str, pins)),
                        indexes=" ".join(map(str, indexes)),
                        ttl_s=self._ttl_s,
                    )
                )
            )

    async def pin_now(self, conversation: int, interaction: int) -> bool:
        """Have the pins count with the next turn, without waiting for a trim; False if there is no history.

        The id of the interaction is later than the ids of all messages of a running turn.
        """
        key = self._keys.meta(conversation)
        with translated():
            if not await self._redis.exists(self._keys.history(conversation)):
                return False
            pipe = self._redis.pipeline(transaction=False)
            pipe.hset(key, "pinned_now", str(interaction))
            pipe.expire(key, self._ttl_s)
            await pipe.execute()
        return True

    async def correct(self, conversation: int, shown: str, summary: str) -> bool:
        """Replace the summary whose fingerprint is `shown`; False if the summary is another one by now.

        The correction counts until the next trim, which carries it on. An empty one removes the summary.
        """
        summary, done = "" if is_blank(summary) else summary.strip(), False
        while not done:
            past, newest, correction = await self._read(conversation)
            if past.trimmed_by is None or fingerprint(past.preface.summary) != shown:
                # True for a repetition: the same words stand there already.
                return past.trimmed_by is not None and past.preface.summary == summary
            done = bool(
                await self._scripts.run(
                    Correct(
                        history=self._keys.history(conversation),
                        meta=self._keys.meta(conversation),
                        newest=newest,
                        before=correction,
                        after=dump_correction((past.trimmed_by, summary)),
                        ttl_s=self._ttl_s,
                    )
                )
            )
        return True

    async def _indexes(self, conversation: int, messages: Sequence[int], length: int) -> list[int]:
        """Return the indexes of the turns of messages in the history, by bisection; turns not found are left out."""
        key = self._keys.history(conversation)
        with translated():
            # For each message, [low, high] holds the index of the first entry that is later than the message.
            spans = dict.fromkeys(messages, (0, length))
            while middles := {(low + high) // 2 for low, high in spans.values() if low < high}:
                pipe = self._redis.pipeline(transaction=False)
                for middle in sorted(middles):
                    pipe.lindex(key, middle)
                found = dict(zip(sorted(middles), await pipe.execute(), strict=True))
                for message, (low, high) in spans.items():
                    if low < high:
                        middle = (low + high) // 2
                        entry = found[middle]
                        later = not entry or load_turn(str(entry)).id > message
                        spans[message] = (low, middle) if later else (middle + 1, high)
            pipe = self._redis.pipeline(transaction=False)
            starts = [max(0, low - NEAR_TURNS) for low, _ in spans.values()]
            for start in starts:
                pipe.lrange(key, start, start + 2 * NEAR_TURNS - 1)
            pages = await pipe.execute()
        indexes: set[int] = set()
        for message, start, page in zip(spans, starts, pages, strict=True):
            for offset, entry in enumerate(page):
                # Searching the text is cheaper than reading an entry that does not name the message.
                if str(message) in str(entry) and load_turn(str(entry)).holds(frozenset({message})):
                    indexes.add(start + offset)
        return sorted(indexes)
