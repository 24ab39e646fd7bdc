"""A numbered change of what is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.store.keys import Keys


@dataclass(frozen=True, slots=True)
class Target:
    """The store in which keys are changed."""

    redis: Redis
    keys: Keys


def _of_no_key(_name: str) -> bool:
    return False


async def _needs_it(_target: Target, _name: str) -> bool:
    return True


async def _change_nothing(_target: Target, _name: str) -> None:
    """Leave a key as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The step to version `number` of the schema; `title` says what it does, for the log.

    `concerns` says of the name of a key, behind the prefix, whether the key may have to change, and `needs`, which
    reads the key, whether it has to: no backup is made for nothing. `change` changes one key. It may be called twice,
    at the same time too, and while instances write: it has to compare what it read.

    The last release must read what `change` writes. If that release does not read what this one writes from this
    version on, the migration `waits_for_older` instances to end: until then this release must not write it, see
    `Schema.has`.
    """

    number: int
    title: str
    concerns: Callable[[str], bool] = _of_no_key
    needs: Callable[[Target, str], Awaitable[bool]] = _needs_it
    change: Callable[[Target, str], Awaitable[None]] = _change_nothing
    waits_for_older: bool = False
