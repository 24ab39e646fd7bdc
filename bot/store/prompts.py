"""The system prompts that admins set, by scope: thread, channel, server."""

from __future__ import annotations

from enum import StrEnum

from redis.asyncio import Redis

from bot.store.codec import text
from bot.store.connection import translated
from bot.store.keys import Keys


class Scope(StrEnum):
    """How far a prompt reaches; the narrowest one that is set counts."""

    THREAD = "thread"
    CHANNEL = "channel"
    SERVER = "server"


class Prompts:
    """Reads and writes prompts; those of a thread live as long as its conversation, the others for good."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def get(self, scope: Scope, target: int) -> str | None:
        """Return the prompt that is set for a thread, a channel or a server, None if there is none."""
        with translated():
            return text(await self._redis.hget(self._key(scope, target), "system"))

    async def set(self, scope: Scope, target: int, prompt: str) -> None:
        """Set a prompt."""
        key = self._key(scope, target)
        with translated():
            await self._redis.hset(key, "system", prompt)
            if scope is Scope.THREAD:
                await self._redis.expire(key, self._ttl_s)

    async def clear(self, scope: Scope, target: int) -> bool:
        """Remove a prompt; False if there was none."""
        with translated():
            return bool(await self._redis.hdel(self._key(scope, target), "system"))

    async def effective(self, *, thread: int, channel: int | None, server: int | None) -> str | None:
        """Return the narrowest prompt that is set, None if none is."""
        scopes = [(Scope.THREAD, thread), (Scope.CHANNEL, channel), (Scope.SERVER, server)]
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for scope, target in scopes:
                if target is not None:
                    pipe.hget(self._key(scope, target), "system")
            found = await pipe.execute()
        return next((text(prompt) for prompt in found if prompt is not None), None)

    def _key(self, scope: Scope, target: int) -> str:
        return self._keys.meta(target) if scope is Scope.THREAD else self._keys.scope(target)
