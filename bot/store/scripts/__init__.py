"""The Lua scripts: every write to a conversation is one of them, and doing it twice is doing it once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError

_NAMES = (
    "acknowledge",
    "adopt",
    "again",
    "amend",
    "bury",
    "claim",
    "commit",
    "correct",
    "doubt",
    "hold",
    "intend",
    "join",
    "mark",
    "noticed",
    "once",
    "pin",
    "posted",
    "pulse",
    "receive",
    "release",
    "renew",
    "reopen",
    "reset",
    "rest",
    "resume",
    "revise",
    "settled",
    "spent",
    "standing",
    "stop",
)


class Scripts:
    """Runs the scripts by their hash, and hands them over again to a server that has lost them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._sources = {name: files(__name__).joinpath(f"{name}.lua").read_text("utf-8") for name in _NAMES}
        self._hashes = {name: _hash(source) for name, source in self._sources.items()}

    async def run(self, name: str, keys: Sequence[str], arguments: Sequence[str | int]) -> Any:
        """Run one script; repeating it after a lost answer is safe."""
        try:
            return await self._redis.evalsha(self._hashes[name], len(keys), *keys, *arguments)
        except NoScriptError:
            return await self._redis.eval(self._sources[name], len(keys), *keys, *arguments)


def _hash(source: str) -> str:
    return hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()
