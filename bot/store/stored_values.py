"""What keys hold of a person by ids, times and numbers alone: shown to the person as it is stored."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation.identity import Identity
from bot.store.connection import translated
from bot.store.contracts import Contract, contract_of
from bot.store.key_reader import KeyReader
from bot.store.keys import Keys

Value = str | Sequence[str] | Mapping[str, str]
"""A value of Redis: a string, the members of a set, the fields of a hash or the members of a sorted set."""

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class KeptValue:
    """A key, what it `holds` by its contract, and its value: of a key that several people share the person's part."""

    key: str
    holds: str
    value: Value


class StoredValues:
    """Walks over all keys whose contract says that they are shown as they are stored."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._read = KeyReader(redis, keys)

    async def of(self, who: Identity, messages: Collection[int]) -> tuple[KeptValue, ...]:
        """Return what names the person, or one of the person's `messages`, in the order of the keys."""
        wanted = frozenset({str(who.person), *map(str, messages)})
        found: list[KeptValue] = []
        async for names in self._read.names():
            shown = [
                (name, contract)
                for name in names
                if (contract := contract_of(name)) is not None and contract.exported == "as stored"
            ]
            for (name, contract), value in zip(shown, await self._values(shown), strict=True):
                is_own = str(who.person) in _NUMBER.findall(name)
                kept = value if is_own else _part(value, wanted)
                if kept:
                    found.append(KeptValue(name, contract.holds, kept))
        return tuple(sorted(found, key=lambda each: each.key))

    async def _values(self, shown: Sequence[tuple[str, Contract]]) -> list[Value]:
        if not shown:
            return []
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for name, contract in shown:
                key = f"{self._keys.prefix}:{name}"
                match contract.type:
                    case "hash":
                        pipe.hgetall(key)
                    case "set":
                        pipe.smembers(key)
                    case "sorted set":
                        pipe.zrange(key, 0, -1, withscores=True)
                    case _:
                        pipe.get(key)
            found: list[Any] = await pipe.execute()
        return [_value(contract, raw) for (_, contract), raw in zip(shown, found, strict=True)]


def _value(contract: Contract, raw: Any) -> Value:
    match contract.type:
        case "hash":
            return {str(name): str(value) for name, value in raw.items()}
        case "set":
            return sorted(map(str, raw))
        case "sorted set":
            return {str(member): f"{score:.0f}" for member, score in raw}
        case _:
            return str(raw or "")


def _part(value: Value, wanted: frozenset[str]) -> Value:
    """Return the fields or members that hold one of the ids."""

    def is_wanted(text: str) -> bool:
        return not wanted.isdisjoint(_NUMBER.findall(text))

    if isinstance(value, str):
        return value if is_wanted(value) else ""
    if isinstance(value, Mapping):
        return {name: each for name, each in value.items() if is_wanted(f"{name} {each}")}
    return [each for each in value if is_wanted(each)]
