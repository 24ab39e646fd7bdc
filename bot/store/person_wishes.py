"""What people have decided about what is kept of them: whether they were forgotten, whether they have agreed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Keys
from bot.store.scripts import Command


def forgotten_until(keys: Keys, person: int) -> Command:
    """Return the command that reads until which id the messages of a person are forgotten."""
    return ("HGET", keys.forget_job(person), "before")


class PersonWishes:
    """Reads; with `requires_consent` nothing is read of people who have not agreed."""

    def __init__(self, redis: Redis, keys: Keys, *, requires_consent: bool) -> None:
        self._redis = redis
        self._keys = keys
        self._requires_consent = requires_consent

    async def forgotten_until(self, person: int) -> int:
        """Return the id up to which the messages of a person were, or are being, forgotten; 0 if none were.

        The latest job to forget the person says so, which is known longer than any message is caught up with.
        """
        with translated():
            found = await self._redis.hget(self._keys.forget_job(person), "before")
        return int(str(found or 0))

    async def left_out(self, said: Iterable[tuple[int, int]]) -> frozenset[int]:
        """Return which messages, by author and id, are not read as what was said before somebody asked."""
        messages = list(said)
        people = sorted({person for person, _ in messages})
        if not people:
            return frozenset()
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for person in people:
                pipe.hget(self._keys.forget_job(person), "before")
                pipe.exists(self._keys.consent(person))
            found: list[Any] = await pipe.execute()
        until = {person: int(str(each or 0)) for person, each in zip(people, found[::2], strict=True)}
        agreed = {person for person, each in zip(people, found[1::2], strict=True) if each}
        return frozenset(
            message
            for person, message in messages
            if message <= until[person] or (self._requires_consent and person not in agreed)
        )
