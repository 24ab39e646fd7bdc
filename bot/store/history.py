"""Changes of the history's entries: an old message was edited or deleted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.message import Message
from bot.conversation.revision import amended
from bot.conversation.turn import Turn
from bot.store.codec import dump_turn, load_turn
from bot.store.connection import translated
from bot.store.file_sweeps import FileSweeps
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import Amend

PAGE_TURNS = 50
"""The entries of one read; the history is searched from its end."""

TRIES = 5
"""An entry changes while it is being amended only if its turn ends at that moment, or two edits meet."""


class History:
    """Finds and amends entries."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)
        self._sweeps = FileSweeps(redis, keys)

    async def amend(
        self, conversation: int, message: int, now: Message | None, *, edited_ms: int = 0
    ) -> bool:
        """Change a message in the history, or remove a deleted one (`now` is None); False if nothing changes.

        An edit changes nothing once a later one has.
        """
        change = partial(_amended, message=message, now=now, edited_ms=edited_ms)
        return await self.change(conversation, message, change) is not None

    async def change(
        self, conversation: int, message: int, change: Callable[[Turn, int], Turn]
    ) -> tuple[int, Turn] | None:
        """Change the entry of a message; return its index and the entry as it was, None if nothing changes.

        `change` is called with the entry and the id of the newest entry.
        """
        for _ in range(TRIES):
            found = await self._find(conversation, message)
            if found is None:
                return None
            index, text, entry, newest = found
            changed = change(entry, newest)
            if changed == entry:
                return None
            if set(entry.sources) - set(changed.sources):
                await self._sweeps.schedule(conversation)
            history = self._keys.history(conversation)
            if await self._scripts.run(
                Amend(history=history, index=index, before=text, after=dump_turn(changed))
            ):
                return index, entry
        return None

    async def entry(self, conversation: int, message: int) -> Turn | None:
        """Return the entry of a message."""
        found = await self._find(conversation, message)
        return None if found is None else found[2]

    async def index(self, conversation: int, message: int) -> int | None:
        """Return the index of the entry of a message."""
        found = await self._find(conversation, message)
        return None if found is None else found[0]

    async def last(self, conversation: int) -> Turn | None:
        """Return the newest entry."""
        with translated():
            text = await self._redis.lindex(self._keys.history(conversation), -1)
        return load_turn(str(text)) if text else None

    async def _find(self, conversation: int, message: int) -> tuple[int, str, Turn, int] | None:
        """Return the entry that holds a message: its index, its text, itself, and the id of the newest entry."""
        key = self._keys.history(conversation)
        with translated():
            end = int(await self._redis.llen(key))
        newest, passed = 0, False
        while end > 0:
            start = max(0, end - PAGE_TURNS)
            with translated():
                page: list[Any] = await self._redis.lrange(key, start, end - 1)
            newest = newest or (_id_of(str(page[-1])) if page else 0)
            for offset in reversed(range(len(page))):
                text = str(page[offset])
                # Searching the text is cheaper than reading an entry that does not name the message.
                if str(message) in text:
                    entry = load_turn(text)
                    if message in (entry.members or (entry.id,)):
                        return start + offset, text, entry, newest
            # Entries are ordered by their first messages, except those that a listing has brought late.
            if passed or not page:
                return None
            passed = 0 < _id_of(str(page[0])) <= message
            end = start
        return None


def _id_of(text: str) -> int:
    """Return the id of an entry, 0 if another version wrote the entry: those beside it can be changed."""
    try:
        return load_turn(text).id
    except Unreadable:
        return 0


def _amended(entry: Turn, newest: int, *, message: int, now: Message | None, edited_ms: int) -> Turn:
    return amended(entry, message, now, newest, edited_ms=edited_ms)
