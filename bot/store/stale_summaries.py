"""Summaries that may hold what was deleted: their text goes, and the next turn summarizes anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.turn import Turn
from bot.store.codec import dump_correction, dump_turn, load_correction, load_turn
from bot.store.connection import translated
from bot.store.file_sweeps import FileSweeps
from bot.store.history import TRIES
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import Amend
from bot.store.scripts.privacy import ReplaceField, Rewind


@dataclass(frozen=True, slots=True)
class _Trim:
    """An entry whose turn has trimmed the window: its index, its text, where the window began before.

    `start` is where the window begins now, None if a later trim is in force. `corrected` is the stored correction.
    """

    index: int
    text: str
    entry: Turn
    before: int
    start: int | None
    corrected: str


class StaleSummaries:
    """Drops summaries; needs no lease."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._sweeps = FileSweeps(redis, keys)

    async def drop(self, conversation: int, index: int) -> int:
        """Drop the summaries that may hold the entry of this index, and return their number.

        A trim that is under way gives way to the correction by an empty summary, as to any correction. The summary in
        force is written anew: the window begins where it began before the trim, so that the next turn trims again.
        While a turn runs or waits, the summary is only dropped.
        """
        dropped = 0
        for _ in range(TRIES):
            stale = await self._stale(conversation, index)
            if not stale:
                break
            dropped = dropped or len(stale)
            for trim in stale:
                await self._drop(conversation, trim)
        return dropped

    async def _stale(self, conversation: int, index: int) -> list[_Trim]:
        """Return the trims behind an entry whose summaries may hold it, the latest first."""
        key = self._keys.history(conversation)
        with translated():
            found: list[Any] = await self._redis.hmget(self._keys.meta(conversation), ["cut", "corrected"])
            start, corrected = int(str(found[0] or 0)), str(found[1] or "")
            if index >= start:
                return []
            # From the entry itself on: the window before a trim is that of the entry before.
            texts: list[Any] = await self._redis.lrange(key, index, -1)
        # An entry of another version tells nothing of its window; the others can be told apart all the same.
        read = [(at, entry) for at, text in enumerate(texts) if (entry := _entry(str(text))) is not None]
        trims = []
        in_force = True
        for (_, earlier), (at, entry) in reversed(list(pairwise(read))):
            if entry.preface is None:
                continue
            correction = load_correction(corrected) if in_force else None
            own = correction[1] if correction is not None and correction[0] == entry.id else ""
            if entry.window_start > index and (entry.preface.summary or own):
                before = min(earlier.window_start, start)
                trims.append(
                    _Trim(index + at, str(texts[at]), entry, before, start if in_force else None, corrected)
                )
            in_force = False
        return trims

    async def _drop(self, conversation: int, trim: _Trim) -> None:
        keys, preface = self._keys, trim.entry.preface
        await self._sweeps.schedule(conversation)
        if trim.start is not None:
            await self._scripts.run(
                ReplaceField(
                    value=keys.meta(conversation),
                    field="corrected",
                    before=trim.corrected,
                    after=dump_correction((trim.entry.id, "")),
                )
            )
            rewound = await self._scripts.run(
                Rewind(
                    pending=keys.pending(conversation),
                    meta=keys.meta(conversation),
                    history=keys.history(conversation),
                    window_start=trim.start,
                    earlier=trim.before,
                    index=trim.index,
                    before=trim.text,
                    after=dump_turn(replace(trim.entry, preface=None)),
                )
            )
            if rewound:
                return
        left = replace(trim.entry, preface=None if preface is None else replace(preface, summary=""))
        await self._scripts.run(
            Amend(
                history=keys.history(conversation),
                index=trim.index,
                before=trim.text,
                after=dump_turn(left),
            )
        )


def _entry(text: str) -> Turn | None:
    try:
        return load_turn(text)
    except Unreadable:
        return None
