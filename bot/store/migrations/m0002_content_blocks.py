"""Entries of the history that were stored as two texts become messages of content blocks."""

from __future__ import annotations

import re
from typing import Any

from bot.conversation.errors import Unreadable
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


async def _change(target: Target, name: str) -> None:
    """Write the old entries of a history anew; an entry that no version or no key reads stays as it is."""
    key, scripts, start = Key(f"{target.keys.prefix}:{name}"), Scripts(target.redis), 0
    while True:
        with translated():
            page: list[Any] = await target.redis.lrange(key, start, start + PAGE_TURNS - 1)
        for index, text in enumerate(map(str, page), start):
            if is_current(text):
                continue
            try:
                entry = load_turn(text)
            except Unreadable:
                continue
            await scripts.run(Amend(history=key, index=index, before=text, after=dump_turn(entry)))
        if len(page) < PAGE_TURNS:
            return
        start += PAGE_TURNS


MIGRATION = Migration(
    number=2,
    title="entries of the history as messages of content blocks",
    concerns=_concerns,
    change=_change,
)
