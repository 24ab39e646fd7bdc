"""Entries of the history that were stored as two texts become messages of content blocks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

from bot.conversation.errors import Unreadable
from bot.conversation.turn import Turn
from bot.store.codec import dump_turn, is_current, load_turn
from bot.store.connection import translated
from bot.store.history import PAGE_TURNS
from bot.store.keys import Key
from bot.store.migrations.migration import Migration, Target
from bot.store.scripts import Scripts
from bot.store.scripts.conversation import Amend

_HISTORY = re.compile(r"\{\d+\}:h")


def _concerns(name: str) -> bool:
    return _HISTORY.fullmatch(name) is not None


async def _old_entries(target: Target, key: Key) -> AsyncIterator[tuple[int, str, Turn]]:
    """Yield index, text and value of each old entry; not of those that no version or no key reads."""
    start, is_last = 0, False
    while not is_last:
        with translated():
            page: list[Any] = await target.redis.lrange(key, start, start + PAGE_TURNS - 1)
        for index, text in enumerate(map(str, page), start):
            if not is_current(text):
                try:
                    entry = load_turn(text)
                except Unreadable:
                    continue
                yield index, text, entry
        start, is_last = start + PAGE_TURNS, len(page) < PAGE_TURNS


async def _needs(target: Target, name: str) -> bool:
    async for _ in _old_entries(target, Key(f"{target.keys.prefix}:{name}")):
        return True
    return False


async def _change(target: Target, name: str) -> None:
    key, scripts = Key(f"{target.keys.prefix}:{name}"), Scripts(target.redis)
    async for index, text, entry in _old_entries(target, key):
        await scripts.run(Amend(history=key, index=index, before=text, after=dump_turn(entry)))


MIGRATION = Migration(
    number=2,
    title="entries of the history as messages of content blocks",
    concerns=_concerns,
    needs=_needs,
    change=_change,
)
