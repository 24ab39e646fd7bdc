"""`python -m bot backup`: writes every key of the prefix to a file, while the bot runs.

The keys of a conversation share a slot and are read at one moment. Names that a first walk over all keys has missed,
because the keys were made meanwhile, are found by the walks after it, and their parts read again. What is written
between the last walk and the end is what a store loses that goes back by a moment, for which the bot provides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis

from bot.backup.backup_file import BackupHeader, BackupReader, BackupWriter, atomic_write
from bot.backup.known_names import GONE, KnownNames
from bot.config import Exit
from bot.conversation.errors import StartError
from bot.store.all_keys import keys_of_prefix
from bot.store.contracts import contract_of
from bot.store.keys import Keys, padded
from bot.store.stored_keys import StoredKey, StoredKeys
from bot.version import version

LEFT_OUT = frozenset(
    {"pulse:<instance>", "{trial-<number>}:<number>", "{schema}:lease", "{schema}:step", "{schema}:left"}
)
"""The contracts of keys that say something of running instances alone.

How far a migration has come is among them: an older release may work on the restored data before they are migrated.
"""

PARTS_AT_ONCE = 8
"""So many parts are read at the same time, each of which is in memory as a whole."""

NAMES_AT_ONCE = 500

MAX_SCANS = 4
"""A busy store has new keys at each walk, of which few are left after some."""

MAX_REREADS = 5
"""How often a part is read again because a message has come that the names did not hold."""

UNKNOWN = "?"
"""The kind of keys without a contract."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds: keys by the names of their contracts."""

    counts: dict[str, int]
    bytes: int
    digest: str


async def back_up(redis: Redis, keys: Keys, path: Path, *, schema: int) -> BackedUp:
    """Write the file, read it again and compare; StartError or StoreUnavailable if it cannot be had.

    Whatever stood at `path` stays until the new file is complete.
    """
    stored = StoredKeys(redis, keys)
    header = BackupHeader(version(), keys.prefix, schema, await stored.now_ms())
    with atomic_write(path) as (file, temporary), KnownNames.beside(path) as names:
        writer = BackupWriter(file, header)
        for _ in range(MAX_SCANS):
            await _scan(redis, keys, names)
            if not await _copy(stored, keys, names, writer, tagged=True):
                break
        await _copy(stored, keys, names, writer, tagged=False)
        counts = names.counts()
        digest = writer.end(counts)
        file.flush()
        _verify(temporary, counts, digest)
        size = temporary.stat().st_size
    return BackedUp(counts, size, digest)


async def _scan(redis: Redis, keys: Keys, names: KnownNames) -> None:
    """Walk over all keys and note their names."""
    page: list[str] = []
    async for key in keys_of_prefix(redis, keys.prefix):
        name = key.removeprefix(f"{keys.prefix}:")
        if kind_of(name) not in LEFT_OUT:
            page.append(name)
        if len(page) >= NAMES_AT_ONCE:
            names.add(page)
            page = []
    names.add(page)


async def _copy(
    stored: StoredKeys, keys: Keys, names: KnownNames, writer: BackupWriter, *, tagged: bool
) -> bool:
    """Write the parts with names that were not read, and return whether there were any."""
    any_found = False
    while parts := names.unread(tagged=tagged, most=PARTS_AT_ONCE):
        any_found = True
        for found in await asyncio.gather(*(_read(stored, keys, part) for part in parts)):
            writer.add(found)
            names.note_read(kinds_of(found))
    return any_found


async def _read(stored: StoredKeys, keys: Keys, names: Sequence[str]) -> tuple[StoredKey, ...]:
    """Read a part, with the records and results of all messages that wait in it."""
    wanted = tuple(names)
    for _ in range(MAX_REREADS):
        found = await stored.read(wanted)
        missing = set(_message_keys(keys, found)) - set(wanted)
        if not missing:
            break
        wanted = (*wanted, *sorted(missing))
    known = set(names)
    return tuple(key for key in found if key.value is not None or key.name in known)


def _message_keys(keys: Keys, found: Sequence[StoredKey]) -> Iterator[str]:
    """Return the names of the records and results of the messages that wait, or are to be compared with Discord."""
    for key in found:
        if key.value is not None and kind_of(key.name) in ("{C}:q", "{C}:s"):
            conversation = int(tag_of(key.name))
            for member, _ in key.value:
                for of in (keys.record_prefix, keys.result_prefix):
                    yield (of(conversation) + padded(int(member))).removeprefix(f"{keys.prefix}:")


def _verify(path: Path, counts: dict[str, int], digest: str) -> None:
    """Read the file as a restore does, and compare it with what was written."""
    reader = BackupReader(path)
    with KnownNames.beside(path) as names:
        for found in reader.snapshots():
            names.note_read(kinds_of(found))
        if reader.digest != digest or reader.counts != counts or names.counts() != counts:
            raise StartError(
                f"{path} does not hold what was written to it: is the disk in order?", exit_code=Exit.BACKUP
            )


def kinds_of(found: Sequence[StoredKey]) -> dict[str, str]:
    """Return the kinds of keys by their names, GONE for those that do not exist."""
    return {key.name: GONE if key.value is None else kind_of(key.name) for key in found}


def kind_of(name: str) -> str:
    """Return the name of a key's contract."""
    contract = contract_of(name)
    return UNKNOWN if contract is None else contract.name


def tag_of(name: str) -> str:
    """Return the hash tag of a key, "" if it has none."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""
