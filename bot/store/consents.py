"""The consent of people: who has agreed, who was asked where, and which of their messages wait for it."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.key_lifetimes import ASKED_S, WAITS_S
from bot.store.keys import Keys

MOST_WAITING = 20
"""The most messages of a person that wait; the oldest go."""


class Consents:
    """Stores ids and times alone: of a message that waits neither its text nor its author's name."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def agreed_ms(self, person: int) -> int | None:
        """Return when (ms) a person has agreed, None if they have not."""
        with translated():
            found = await self._redis.get(self._keys.consent(person))
        return int(str(found)) if found else None

    async def agree(self, person: int, at_ms: int) -> None:
        """Store that a person agrees; an earlier consent stays."""
        with translated():
            await self._redis.set(self._keys.consent(person), at_ms, nx=True)

    async def withdraw(self, person: int) -> None:
        """Forget a person's consent; the person is asked again with their next message."""
        keys = self._keys
        with translated():
            await self._redis.delete(
                keys.consent(person), keys.consent_asked(person), keys.consent_waits(person)
            )

    async def was_asked(self, person: int, home: int) -> bool:
        """Whether a person was asked in a server, or in direct messages."""
        with translated():
            return bool(await self._redis.sismember(self._keys.consent_asked(person), str(home)))

    async def note_asked(self, person: int, home: int) -> None:
        """Note that a person was asked in a server, or in direct messages."""
        key = self._keys.consent_asked(person)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.sadd(key, home)
            pipe.expire(key, ASKED_S)
            await pipe.execute()

    async def wait(self, person: int, channel: int, message: int) -> None:
        """Have a message wait for the consent of its author."""
        key = self._keys.consent_waits(person)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.zadd(key, {f"{channel}:{message}": message >> 22})
            pipe.zremrangebyrank(key, 0, -MOST_WAITING - 1)
            pipe.expire(key, WAITS_S)
            await pipe.execute()

    async def waiting(self, person: int) -> tuple[tuple[int, int], ...]:
        """Return channel and id of the messages that wait, the oldest first."""
        with translated():
            found: list[Any] = await self._redis.zrange(self._keys.consent_waits(person), 0, -1)
        pairs = [str(member).split(":") for member in found]
        return tuple((int(channel), int(message)) for channel, message in pairs)

    async def answered(self, person: int, channel: int, message: int) -> None:
        """Note that a message does not wait any more."""
        with translated():
            await self._redis.zrem(self._keys.consent_waits(person), f"{channel}:{message}")
