"""Overrides of the system prompt and the model, by scope: thread, channel, server."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, cast, get_args

from redis.asyncio import Redis

from bot.conversation.model import EFFORTS, Choice, Thinking, narrowest
from bot.conversation.request import Effort
from bot.store.codec import text
from bot.store.connection import translated
from bot.store.keys import Keys

SYSTEM = "system"
MODEL_FIELDS = ("model", "effort", "thinking")
FIELDS = (SYSTEM, *MODEL_FIELDS)
"""The fields of the hash, named as those of a `Choice`."""


class Scope(StrEnum):
    """Where an override applies; the narrowest scope that has one counts."""

    THREAD = "thread"
    CHANNEL = "channel"
    SERVER = "server"


class ScopedOverrides:
    """Reads and writes overrides; those of a thread live as long as its conversation, the others until removed."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def get(self, scope: Scope, target: int) -> str | None:
        """Return the prompt of a thread, a channel or a server, None if none is set."""
        with translated():
            return text(await self._redis.hget(self._key(scope, target), SYSTEM))

    async def set(self, scope: Scope, target: int, prompt: str) -> None:
        """Set a prompt."""
        await self._write(scope, target, {SYSTEM: prompt})

    async def clear(self, scope: Scope, target: int) -> bool:
        """Remove a prompt; False if there was none."""
        return await self._remove(scope, target, (SYSTEM,))

    async def choose(
        self,
        scope: Scope,
        target: int,
        *,
        model: str | None = None,
        effort: Effort | None = None,
        thinking: Thinking | None = None,
    ) -> None:
        """Set a model, an effort, whether to think; a value of None leaves the field as it was."""
        given = {"model": model, "effort": effort, "thinking": thinking}
        await self._write(scope, target, {name: value for name, value in given.items() if value is not None})

    async def forget_model(self, scope: Scope, target: int) -> bool:
        """Remove model, effort and thinking; False if none was set."""
        return await self._remove(scope, target, MODEL_FIELDS)

    async def effective(self, *, thread: int, channel: int | None, server: int | None) -> Choice:
        """Return what applies in a thread: each field of the narrowest scope that sets the field."""
        by_scope = await self.by_scope(thread=thread, channel=channel, server=server)
        return narrowest(by_scope.values())

    async def by_scope(
        self, *, thread: int | None, channel: int | None, server: int | None
    ) -> dict[Scope, Choice]:
        """Return what each given scope sets, the narrowest first; one round trip."""
        targets = {Scope.THREAD: thread, Scope.CHANNEL: channel, Scope.SERVER: server}
        scopes = {scope: target for scope, target in targets.items() if target is not None}
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for scope, target in scopes.items():
                pipe.hmget(self._key(scope, target), FIELDS)
            found = await pipe.execute()
        return {scope: _choice(values) for scope, values in zip(scopes, found, strict=True)}

    async def _write(self, scope: Scope, target: int, fields: dict[str, str]) -> None:
        key = self._key(scope, target)
        with translated():
            await self._redis.hset(key, items=[item for pair in fields.items() for item in pair])
            if scope is Scope.THREAD:
                await self._redis.expire(key, self._ttl_s)

    async def _remove(self, scope: Scope, target: int, fields: Sequence[str]) -> bool:
        with translated():
            return bool(await self._redis.hdel(self._key(scope, target), *fields))

    def _key(self, scope: Scope, target: int) -> str:
        return self._keys.meta(target) if scope is Scope.THREAD else self._keys.scope(target)


def _choice(values: Sequence[Any]) -> Choice:
    system, model, effort, thinking = map(text, values)
    # Another version may have written values that this version does not know.
    return Choice(
        system=system,
        model=model,
        effort=next((level for level in EFFORTS if level == effort), None),
        thinking=cast("Thinking", thinking) if thinking in get_args(Thinking) else None,
    )
