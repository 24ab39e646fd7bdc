"""Keys as they are stored, read and written whole: type, value and expiry, by commands that every server knows.

The values stay encrypted where they are. DUMP and RESTORE are not used: their format depends on the server's version.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.contracts import contract_of
from bot.store.keys import Keys
from bot.store.scripts import Command

MEMBERS_AT_ONCE = 500
"""So many members of a key are written by one command."""

NO_KEY_MS = -2
"""What PTTL answers for a key that does not exist."""

COMMANDS: dict[str, Command] = {
    "hash": ("HGETALL",),
    "set": ("SMEMBERS",),
    "sorted set": ("ZRANGE", 0, -1, "WITHSCORES"),
    "list": ("LRANGE", 0, -1),
    "string": ("GET",),
    "stream": ("XRANGE", "-", "+"),
}
"""The command that reads a key of each type; the name of the key comes second."""

TYPES = {"zset": "sorted set"}
"""The names of the types that the contracts call otherwise than the command TYPE does."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key by its name behind the prefix; `value` is None if the key does not exist.

    `value` is a text, a list of texts, a list of pairs (member and score, or id and fields), or an object of texts.
    `expires_ms` is the time (ms since 1970, by the server's clock) at which the key expires, None if it stays.
    """

    name: str
    type: str
    expires_ms: int | None
    value: Any


class StoredKeys:
    """Reads and writes the keys of one slot, each time as they are at one moment."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._prefix = f"{keys.prefix}:"
        self._ahead_ms: float | None = None

    async def read(self, names: Sequence[str]) -> tuple[StoredKey, ...]:
        """Read keys that share a slot, all at the same moment."""
        with translated():
            types = await self._types(names)
            pipe = self._redis.pipeline(transaction=True)
            for name, kind in zip(names, types, strict=True):
                command, *rest = COMMANDS[kind]
                pipe.execute_command("PTTL", self._prefix + name)
                pipe.execute_command(command, self._prefix + name, *rest)
            now_ms = await self.now_ms()
            found: list[Any] = await pipe.execute()
        lives, values = found[::2], found[1::2]
        return tuple(
            StoredKey(
                name,
                kind,
                now_ms + int(life) if int(life) >= 0 else None,
                None if int(life) == NO_KEY_MS else _plain(kind, value),
            )
            for name, kind, life, value in zip(names, types, lives, values, strict=True)
        )

    async def write(self, found: Sequence[StoredKey], *, adding: bool = False) -> None:
        """Replace keys that share a slot, all at the same moment; with `adding` what they hold already stays."""
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            for key in found:
                if not adding:
                    pipe.execute_command("DEL", self._prefix + key.name)
                if key.value is None:
                    continue
                for command, *rest in _writes(key):
                    pipe.execute_command(command, self._prefix + key.name, *rest)
                if key.expires_ms is not None:
                    pipe.execute_command("PEXPIREAT", self._prefix + key.name, key.expires_ms)
            await pipe.execute()

    async def now_ms(self) -> int:
        """Return the time of the server, which is asked once: a transaction of a cluster cannot ask for the time."""
        if self._ahead_ms is None:
            with translated():
                seconds, micro = await self._redis.time()
            self._ahead_ms = int(seconds) * 1000 + int(micro) / 1000 - time.monotonic() * 1000
        return round(time.monotonic() * 1000 + self._ahead_ms)

    async def delete(self, names: Sequence[str]) -> None:
        """Delete keys of any slots."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.unlink(self._prefix + name)
            await pipe.execute()

    async def _types(self, names: Sequence[str]) -> list[str]:
        """Return the types: those of the contracts, and what the server says of keys without a contract."""
        contracts = {name: contract_of(name) for name in names}
        strange = [name for name, contract in contracts.items() if contract is None]
        told: dict[str, str] = {}
        if strange:
            pipe = self._redis.pipeline(transaction=False)
            for name in strange:
                pipe.type(self._prefix + name)
            told = dict(zip(strange, map(str, await pipe.execute()), strict=True))
        return [
            contract.type if contract is not None else _type(told[name])
            for name, contract in contracts.items()
        ]


def _type(told: str) -> str:
    kind = TYPES.get(told, told)
    return kind if kind in COMMANDS else "string"  # "none": the key is gone


def _plain(kind: str, value: Any) -> Any:
    """Return a value of Redis as JSON has it."""
    if kind == "hash":
        return {str(name): str(each) for name, each in value.items()}
    if kind == "set":
        return sorted(map(str, value))
    if kind == "sorted set":
        return [[str(member), str(score)] for member, score in zip(value[::2], value[1::2], strict=True)]
    if kind == "stream":
        return [[str(id_), dict(fields)] for id_, fields in value]
    return str(value) if kind == "string" else list(map(str, value))


def _writes(key: StoredKey) -> Iterator[Command]:
    """Return the commands that write a value, without the name of the key."""
    value = key.value
    if key.type == "string":
        yield ("SET", value)
    elif key.type == "stream":
        for id_, fields in value:
            yield ("XADD", id_, *_flat(fields.items()))
    elif key.type == "hash":
        for part in _parts(list(value.items())):
            yield ("HSET", *_flat(part))
    elif key.type == "sorted set":
        for part in _parts(value):
            yield ("ZADD", *_flat((score, member) for member, score in part))
    else:
        for part in _parts(value):
            yield ("SADD" if key.type == "set" else "RPUSH", *part)


def _parts(members: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (members[at : at + MEMBERS_AT_ONCE] for at in range(0, len(members), MEMBERS_AT_ONCE))


def _flat(pairs: Any) -> Iterator[Any]:
    return (each for pair in pairs for each in pair)
