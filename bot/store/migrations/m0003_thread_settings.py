"""The prompt and the model of a thread move from the conversation to the settings of its server."""

from __future__ import annotations

import re
from typing import Any

from bot.conversation.scope import WITHHELD
from bot.store.connection import translated
from bot.store.content import Content
from bot.store.keys import Key
from bot.store.migrations.migration import Migration, Target
from bot.store.scope_settings import LEGACY_NAMES

_META = re.compile(r"\{(\d+)\}:meta")


def _concerns(name: str) -> bool:
    return _META.fullmatch(name) is not None


async def _needs(target: Target, name: str) -> bool:
    with translated():
        held = await target.redis.hmget(f"{target.keys.prefix}:{name}", list(LEGACY_NAMES))
    return any(each is not None for each in held)


async def _change(target: Target, name: str) -> None:
    """Move the settings; what is set in the new place already stays.

    A conversation without a server is one of direct messages, and its own home.
    """
    found = _META.fullmatch(name)
    if found is None:
        return
    thread, key = int(found[1]), Key(f"{target.keys.prefix}:{name}")
    with translated():
        *values, guild = await target.redis.hmget(key, [*LEGACY_NAMES, "guild"])
        held = {name: str(each) for name, each in zip(LEGACY_NAMES, values, strict=True) if each is not None}
        if not held:
            return
        settings, life_ms = target.keys.scope(int(guild or thread), thread), await target.redis.pttl(key)
        pipe: Any = target.redis.pipeline(transaction=False)
        for setting, value in held.items():
            pipe.hsetnx(settings, setting, Content(value) if setting in WITHHELD else value)
        if life_ms > 0:
            pipe.pexpire(settings, life_ms)
        await pipe.execute()
        await target.redis.hdel(key, *held)


MIGRATION = Migration(
    number=3,
    title="the prompt and the model of each thread beside the other settings",
    concerns=_concerns,
    needs=_needs,
    change=_change,
)
