"""`python -m bot backup`: writes every key under the prefix to a file, while the bot runs.

A *part* is all keys with one hash tag, or a single key without a tag; one transaction reads a part. A scan may miss
keys that are created while it runs: later scans find them, and their parts are read again. Keys that change after
their part was last read stand in the file as they were. To the bot this looks like a Redis that lost its latest
writes, which it reconciles with Discord.
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
"""The contracts of keys that describe running instances only.

The progress of a migration is among them: an older release may change restored data before the next migration, which
then has to start at the beginning.
"""

PARTS_AT_ONCE = 8
"""Bounds the memory: each part is in memory as a whole."""

NAMES_AT_ONCE = 500

MAX_SCANS = 4
"""A busy store has new keys at each scan, but fewer each time."""

MAX_REREADS = 5
"""How often a part is read again because a message arrived whose record was not among the names."""

UNKNOWN = "?"
"""The kind of keys without a contract."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The result of a backup: the number of keys by kind, the size of the file, and its digest."""

    counts: dict[str, int]
    bytes: int
    digest: str


async def back_up(redis: Redis, keys: Keys, path: Path, *, schema: int) -> BackedUp:
    """Write the file and verify it by reading it again; StartError or StoreUnavailable where that fails.

    An older file at `path` is replaced only when the new one is complete.
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
    """Write the parts that hold an unread name, and return whether there were any."""
    any_found = False
    while parts := names.unread(tagged=tagged, most=PARTS_AT_ONCE):
        any_found = True
        for found in await asyncio.gather(*(_read(stored, keys, part) for part in parts)):
            writer.add(found)
            names.note_read(kinds_of(found))
    return any_found


async def _read(stored: StoredKeys, keys: Keys, names: Sequence[str]) -> tuple[StoredKey, ...]:
    """Read a part, with the records and results of all messages in its inbox.

    A message that arrives between the scan and the read is in the inbox, but its record is not yet among the names.
    """
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
    """Yield the names of the records and results of the messages that wait for an answer or for reconciliation."""
    for key in found:
        if key.value is not None and kind_of(key.name) in ("{C}:q", "{C}:s"):
            conversation = int(tag_of(key.name))
            for member, _ in key.value:
                for prefix in (keys.record_prefix, keys.result_prefix):
                    yield (prefix(conversation) + padded(int(member))).removeprefix(f"{keys.prefix}:")


def _verify(path: Path, counts: dict[str, int], digest: str) -> None:
    """Read the file as a restore does; StartError if its content is not the one that was written."""
    reader = BackupReader(path)
    with KnownNames.beside(path) as names:
        for found in reader.snapshots():
            names.note_read(kinds_of(found))
        if reader.digest != digest or reader.counts != counts or names.counts() != counts:
            raise StartError(
                f"{path} does not hold what was written to it: check the disk, and try again",
                exit_code=Exit.BACKUP,
            )


def kinds_of(found: Sequence[StoredKey]) -> dict[str, str]:
    """Return the kinds of keys by name, GONE for those that do not exist."""
    return {key.name: GONE if key.value is None else kind_of(key.name) for key in found}


def kind_of(name: str) -> str:
    """Return the kind of a key: the name of its contract, UNKNOWN without one."""
    contract = contract_of(name)
    return UNKNOWN if contract is None else contract.name


def tag_of(name: str) -> str:
    """Return the hash tag of a key, "" if it has none."""
    return name[1:].partition("}")[0] if name.startswith("{") else ""
