"""Values in the fields of a hash, of which each change is a compare-and-set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.content import Content
from bot.store.keys import Key
from bot.store.scripts import Scripts
from bot.store.scripts.privacy import ReplaceField

TRIES = 5

T = TypeVar("T")


class HashValues(Generic[T]):
    """Reads and changes values that `adapter` writes.

    A value that another version has written, or that no key decrypts, counts as none.
    """

    def __init__(self, redis: Redis, adapter: TypeAdapter[T]) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._adapter = adapter

    def text(self, value: T) -> Content:
        """Write a value."""
        return Content(self._adapter.dump_json(value).decode())

    def read(self, text: str) -> T | None:
        """Read a value."""
        try:
            return self._adapter.validate_json(text)
        except ValidationError:
            return None

    async def find(self, key: Key, field: str) -> T | None:
        """Return the value of a field."""
        with translated():
            found = await self._redis.hget(key, field)
        return None if found is None else self.read(str(found))

    async def all(self, key: Key) -> list[T]:
        """Return the values of all fields."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(key)
        return [value for text in found.values() if (value := self.read(str(text))) is not None]

    async def change(self, key: Key, field: str, step: Callable[[T], T | None]) -> tuple[T | None, bool]:
        """Take a step from whatever the value is by now; the step returns None where it is not allowed.

        Returns the value as it is then, None if there is none, and whether the step was taken. Of two that write the
        same new value both are told so: what only one may do needs a value of its own.
        """
        current: T | None = None
        for _ in range(TRIES):
            with translated():
                stored = await self._redis.hget(key, field)
            current = None if stored is None else self.read(str(stored))
            if stored is None or current is None:
                return None, False
            if (after := step(current)) is None:
                return current, False
            call = ReplaceField(value=key, field=field, before=str(stored), after=self.text(after))
            if await self._scripts.run(call):
                return after, True
        return current, False
