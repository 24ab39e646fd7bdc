"""What people may look at and change of what Claude remembers: pins, and the summary of what was trimmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redis.asyncio import Redis

from bot.conversation.compose import Past
from bot.conversation.correction import fingerprint
from bot.conversation.visible import is_blank
from bot.store.claim import read_meta
from bot.store.codec import dump_correction, load_turn
from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.scripts import Scripts

NEAR_TURNS = 8
"""Entries stand by their ids, but for those that a listing has brought late; these stand a few places off."""


class PinsAndSummaries:
    """Reads a conversation's window, and keeps what people say about it as long as the conversation.

    Nothing of it needs a lease: a turn under way has read what it works with, the next one reads it anew.
    """

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._ttl_s = ttl_s

    async def knows(self, conversation: int) -> bool:
        """Say whether anything is known of a conversation."""
        with translated():
            return bool(await self._redis.exists(self._keys.meta(conversation)))

    async def past(self, conversation: int) -> Past:
        """Return what the next turn would find."""
        return (await self._look(conversation))[0]

    async def _look(self, conversation: int) -> tuple[Past, str]:
        """Return what the next turn would find, and the newest entry as it is stored, '' without one."""
        key = self._keys.history(conversation)
        with translated():
            fields = await self._redis.hgetall(self._keys.meta(conversation))
            meta = read_meta({str(name): str(value) for name, value in fields.items()})
            pipe = self._redis.pipeline(transaction=False)
            pipe.lrange(key, meta.window_start, -1)
            for place in meta.places:
                if place < meta.window_start:
                    pipe.lindex(key, place)
            entries, *recalled = await pipe.execute()
        past = meta.past(
            history=tuple(load_turn(str(entry)) for entry in entries),
            recalled=tuple(load_turn(str(entry)) for entry in recalled if entry),
        )
        return past, str(entries[-1]) if entries else ""

    async def pin(self, conversation: int, messages: Iterable[int]) -> None:
        """Note which messages are pinned, all of them; they count from the next trim on.

        Their turns are looked up, so that one that was trimmed away can come back: about log2 of the history's length
        in round trips, however many pins there are. What stands in front of the window is looked up with them,
        so that it changes with its messages even when it is not pinned any more.
        """
        pins = sorted(set(messages))
        keys = [self._keys.history(conversation), self._keys.meta(conversation)]
        noted = False
        # Once more if a turn was entered meanwhile, for it may hold one of them. A later one notes its place itself.
        while not noted:
            with translated():
                length = int(await self._redis.llen(keys[0]))
            before = await self.past(conversation)
            wanted = sorted({*pins, *(turn.id for turn in before.preface.pinned)})
            places = await self._places(conversation, wanted, length)
            told = [" ".join(map(str, each)) for each in (pins, places)]
            with translated():
                noted = bool(await self._scripts.run("pin", keys, [length, *told, self._ttl_s]))

    async def pin_now(self, conversation: int, wish: int) -> bool:
        """Have the pins count with the next turn, without waiting for a trim; False if nothing was said yet.

        `wish` is the id of the interaction, which is later than those of all messages that may be under way.
        """
        with translated():
            known = await self._redis.exists(self._keys.history(conversation))
        if known:
            await self._set(conversation, pinned_now=str(wish))
        return bool(known)

    async def correct(self, conversation: int, shown: str, summary: str) -> bool:
        """Let a summary stand in place of the one that was `shown` (its fingerprint); False if another stands there.

        It counts until the next trim, which carries it forward. An empty one takes the summary away.
        """
        summary, done = "" if is_blank(summary) else summary.strip(), False
        while not done:
            past, newest = await self._look(conversation)
            if past.trimmed_by is None or fingerprint(past.preface.summary) != shown:
                # The same words again, as when somebody sends them twice, say what stands there.
                return past.trimmed_by is not None and past.preface.summary == summary
            told = [dump_correction(past.corrected), dump_correction((past.trimmed_by, summary))]
            keys = [self._keys.history(conversation), self._keys.meta(conversation)]
            with translated():
                done = bool(await self._scripts.run("correct", keys, [newest, *told, self._ttl_s]))
        return True

    async def _places(self, conversation: int, messages: Sequence[int], length: int) -> list[int]:
        """Return where in the history the turns of messages stand, by halving; those not found are left out."""
        key = self._keys.history(conversation)
        with translated():
            # For each message: the first entry that may be later than it stands in [low, high].
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
        places: set[int] = set()
        for message, start, page in zip(spans, starts, pages, strict=True):
            for offset, entry in enumerate(page):
                # Cheaper than reading an entry that does not name it.
                if str(message) in str(entry) and load_turn(str(entry)).holds(frozenset({message})):
                    places.add(start + offset)
        return sorted(places)

    async def _set(self, conversation: int, **fields: str) -> None:
        key = self._keys.meta(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for name, value in fields.items():
                pipe.hset(key, name, value)
            pipe.expire(key, self._ttl_s)
            await pipe.execute()
