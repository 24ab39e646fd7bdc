"""Usage by server, day, conversation, person and model.

The scripts that record the cost of an attempt (`commit`, `record_cost`) add its usage in the same step, guarded by
the same mark for each attempt: a request counts once, whatever is repeated or lost. These counts are keys of the
conversation; an index for each server names them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import astuple, fields
from typing import Any

from redis.asyncio import Redis

from bot.conversation.request_cost import Payer
from bot.conversation.usage import Counts, Place, TurnUsage, UsageRow
from bot.store.connection import translated
from bot.store.key_lifetimes import ASIDE_S
from bot.store.keys import USAGE_PLACE, Keys
from bot.store.scripts import Commands, Scripts
from bot.store.scripts.usage import RecordAside

AT_ONCE = 500
"""The keys that are read in one round trip."""

DAY_S = 24 * 3600

COUNTS = len(fields(Counts))


class Usage:
    """Indexes and reads usage, which is kept for `usage_s`."""

    def __init__(self, redis: Redis, keys: Keys, *, usage_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self.usage_s = usage_s

    def index(self, payer: Payer, day: dt.date) -> Commands:
        """Return what notes that there is usage of a conversation on a day; comes before the usage, to miss none."""
        index = self._keys.usage_index(payer.server or payer.conversation)
        oldest = day - dt.timedelta(seconds=self.usage_s)
        return (
            ("ZADD", index, _number(day), f"{payer.conversation}:{day:%Y%m%d}"),
            ("ZREMRANGEBYSCORE", index, "-inf", _number(oldest)),
            ("EXPIRE", index, self.usage_s + DAY_S),
        )

    async def record_aside(
        self, payer: Payer, interaction: int, usage: TurnUsage, *, is_private: bool
    ) -> None:
        """Record what a request has used that belongs to no turn, once for each interaction."""
        used = written(payer, interaction, usage, is_private=is_private)
        if not used:
            return
        await self._scripts.run(
            RecordAside(
                mark=self._keys.aside(payer.conversation, interaction),
                usage=self._keys.usage(payer.conversation, usage.day),
                mark_s=ASIDE_S,
                usage_s=self.usage_s,
                used=used,
            ),
            before=self.index(payer, usage.day),
        )

    async def rows(self, home: int, first: dt.date) -> tuple[UsageRow, ...]:
        """Return the usage of a server since a day; `home` is the server, or the direct messages."""
        members = await self._indexed(home, _number(first))
        rows: list[UsageRow] = []
        with translated():
            for start in range(0, len(members), AT_ONCE):
                some = members[start : start + AT_ONCE]
                pipe = self._redis.pipeline(transaction=False)
                for conversation, day in some:
                    pipe.hgetall(self._keys.usage(conversation, day))
                read: list[Any] = await pipe.execute()
                for (conversation, day), stored in zip(some, read, strict=True):
                    rows += _rows(conversation, day, stored)
        return tuple(rows)

    async def erase(self, home: int) -> None:
        """Erase the usage of a server that the bot has left; comes before the erasure of the index."""
        members = await self._indexed(home)
        with translated():
            for start in range(0, len(members), AT_ONCE):
                pipe = self._redis.pipeline(transaction=False)
                for conversation, day in members[start : start + AT_ONCE]:
                    pipe.delete(self._keys.usage(conversation, day))
                await pipe.execute()

    async def _indexed(self, home: int, first: int | str = "-inf") -> list[tuple[int, dt.date]]:
        with translated():
            found = await self._redis.zrangebyscore(self._keys.usage_index(home), first, "+inf")
        return [_member(str(each)) for each in found]


def written(payer: Payer, turn_id: int, usage: TurnUsage, *, is_private: bool) -> tuple[str, ...]:
    """Return what a script adds to the usage of a conversation's day: the place, then rows and their values in turn.

    A value is the counts, and the first turn of the row: a row that began after its person was forgotten is new.
    """
    rows = [
        item
        for model, counts in usage.by_model.items()
        for item in (f"{payer.person} {model}", " ".join(map(str, (*_counted(counts), turn_id))))
    ]
    return (f"{payer.channel} {int(is_private)}", *rows) if rows else ()


def _counted(counts: Counts) -> tuple[int, ...]:
    """Return the counts as they are stored: searches, which the release before does not count, if there are any."""
    found: tuple[int, ...] = astuple(counts)
    return found if counts.searches else found[:-1]


def read_counts(value: str) -> Counts:
    """Read the counts of a stored row; earlier versions wrote fewer."""
    *counts, _first_turn = map(int, value.split())
    return Counts(*counts[:COUNTS])


def _rows(conversation: int, day: dt.date, stored: Mapping[str, str]) -> Iterator[UsageRow]:
    channel, _, private = stored.get(USAGE_PLACE, "").partition(" ")
    if not channel:
        return
    place = Place(int(channel), conversation, private == "1")
    for name, value in stored.items():
        if name != USAGE_PLACE:
            person, _, model = name.partition(" ")
            yield UsageRow(day, place, int(person), model, read_counts(value))


def _number(day: dt.date) -> int:
    return int(f"{day:%Y%m%d}")


def _member(text: str) -> tuple[int, dt.date]:
    conversation, _, day = text.partition(":")
    return int(conversation), dt.datetime.strptime(day, "%Y%m%d").replace(tzinfo=dt.UTC).date()
