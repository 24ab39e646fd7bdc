"""`python -m bot restore`: writes the keys of a backup into an empty prefix, while no instance runs.

The whole file is verified before anything is changed, and each key is read again after it was written. The queues of
due work are derived from the restored keys. At its next start the bot finds on Discord what it answered since the
backup, as after each rollback of its store. People who were forgotten since the backup are forgotten again, if the
replaced data still lists them.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redis.asyncio import Redis

from bot.backup.backup import NAMES_AT_ONCE, PARTS_AT_ONCE, kind_of, kinds_of, tag_of
from bot.backup.backup_file import DAMAGED, BackupHeader, BackupReader
from bot.backup.known_names import KnownNames
from bot.config import Exit
from bot.conversation.errors import StartError
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.conversation.receipt_code import receipt_code
from bot.findings.redis_rules import UNFINISHED_RESTORE
from bot.store.all_keys import keys_of_prefix
from bot.store.forget_jobs import ForgetJobs
from bot.store.instances import ALIVE_S, running
from bot.store.keys import Keys
from bot.store.restored_queues import MERGED, schedule
from bot.store.stored_keys import StoredKey, StoredKeys

FORGET_MARGIN_MS = 24 * 3600 * 1000
"""Whoever was forgotten longer than this before the backup is not in it: forgetting a person takes less than that."""

EXPIRY_TOLERANCE_MS = 1000
"""Redis tells the time that is left (PTTL), and the moment to which that refers is known only roughly."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The result: `counts` of keys by kind, `expired` keys that were left out, `forgotten` people to forget again."""

    header: BackupHeader
    counts: dict[str, int]
    expired: int
    forgotten: int


async def restore(
    redis: Redis,
    keys: Keys,
    path: Path,
    *,
    schema: int,
    secret: bytes,
    replaces: bool = False,
    silent_s: float = ALIVE_S,
) -> Restored:
    """Restore a file; StartError, before anything is changed, if the file or the target is refused.

    With `replaces` all keys under the prefix are deleted first. An instance without a heartbeat for `silent_s` has
    ended.
    """
    stored = StoredKeys(redis, keys)
    # The check comes before the file too: reading a large file takes minutes.
    await _check_target(redis, keys, path, replaces=replaces, silent_s=silent_s)
    verified = _verified(path, schema)
    await _check_target(redis, keys, path, replaces=replaces, silent_s=silent_s)
    jobs = ForgetJobs(redis, keys)
    forgotten = await jobs.remembered()
    await _clear(redis, keys, stored)
    version = keys.schema.removeprefix(f"{keys.prefix}:")
    await stored.write([StoredKey(version, "string", None, str(UNFINISHED_RESTORE))])
    # First, so that another restore still knows them if this one breaks off.
    for person, before in forgotten.items():
        await jobs.remember(Identity(person, before), created_ms(before))
    expired, last = 0, StoredKey(version, "string", None, None)
    for parts in _batches(BackupReader(path).snapshots()):
        last = next((key for found in parts for key in found if key.name == version), last)
        without = [tuple(key for key in found if key.name != version) for found in parts]
        expired += sum(
            await asyncio.gather(*(_write(redis, keys, stored, found) for found in without if found))
        )
    since_ms = verified.header.at_ms - FORGET_MARGIN_MS
    again = [each for each in forgotten.items() if created_ms(each[1]) >= since_ms]
    for person, before in again:
        code = receipt_code(person, before, secret)
        await jobs.begin(Identity(person, before), code, next_in_s=0.0, again=True)
    await stored.write([last])
    if await running(redis, keys, silent_s):
        raise StartError(
            "an instance of the bot started during the restore: stop it, and restore again with --replace",
            exit_code=Exit.BACKUP,
        )
    return Restored(verified.header, verified.counts, expired, len(again))


def _verified(path: Path, schema: int) -> BackupReader:
    """Read the whole file, so that `counts` is set; StartError if it is damaged or of a newer version."""
    reader = BackupReader(path)
    if reader.header.schema > schema:
        raise StartError(
            f"{path} was made by a newer version (Bobbin {reader.header.version}): install that version",
            exit_code=Exit.BACKUP,
        )
    with KnownNames.beside(path) as names:
        for found in reader.snapshots():
            names.note_read(kinds_of(found))
        if names.counts() != reader.counts:
            raise StartError(f"{path} {DAMAGED}", exit_code=Exit.BACKUP)
    return reader


async def _check_target(redis: Redis, keys: Keys, path: Path, *, replaces: bool, silent_s: float) -> None:
    if await running(redis, keys, silent_s):
        raise StartError(
            "the bot is running on this Redis: stop every instance, and restore again "
            f"({silent_s:.0f} s later if one was killed)",
            exit_code=Exit.BACKUP,
        )
    if replaces:
        return
    async for _ in keys_of_prefix(redis, keys.prefix):
        raise StartError(
            f"this Redis already holds data under redis.prefix {keys.prefix!r}: run `python -m bot restore --replace "
            f"{shlex.quote(str(path))}` to delete that data first (`python -m bot backup FILE` saves it), or set "
            "redis.prefix (BOT_REDIS__PREFIX) to another prefix, for the bot too, to keep both",
            exit_code=Exit.BACKUP,
        )


async def _clear(redis: Redis, keys: Keys, stored: StoredKeys) -> None:
    page: list[str] = []
    async for key in keys_of_prefix(redis, keys.prefix):
        page.append(key.removeprefix(f"{keys.prefix}:"))
        if len(page) >= NAMES_AT_ONCE:
            await stored.delete(page)
            page = []
    await stored.delete(page)


def _batches(snapshots: Iterator[tuple[StoredKey, ...]]) -> Iterator[list[tuple[StoredKey, ...]]]:
    """Yield snapshots that can be written at the same time: no key stands in two of them."""
    batch: list[tuple[StoredKey, ...]] = []
    batch_names: set[str] = set()
    for found in snapshots:
        names = {key.name for key in found}
        if len(batch) >= PARTS_AT_ONCE or batch_names & names:
            yield batch
            batch, batch_names = [], set()
        batch.append(found)
        batch_names |= names
    yield batch


async def _write(redis: Redis, keys: Keys, stored: StoredKeys, found: Sequence[StoredKey]) -> int:
    """Write keys, read them again, and return how many had expired."""
    now_ms = await stored.now_ms()
    expired = [key.name for key in found if key.expires_ms is not None and key.expires_ms <= now_ms]
    wanted = tuple(replace(key, value=None) if key.name in expired else key for key in found)
    queues = tuple(key for key in wanted if key.name in MERGED)
    await stored.write([key for key in wanted if key.name not in MERGED])
    if queues:
        await stored.write(queues, adding=True)
    for key in wanted:
        if key.value is not None and (tag := tag_of(key.name)):
            await schedule(redis, keys, kind_of(key.name), tag, now_ms)
    _compare(wanted, await stored.read([key.name for key in wanted]), await stored.now_ms())
    return len(expired)


def _compare(wanted: Sequence[StoredKey], found: Sequence[StoredKey], now_ms: int) -> None:
    """Raise StartError if Redis holds another value or expiry than was written."""
    for key, other in zip(wanted, found, strict=True):
        if key.name in MERGED or (key.expires_ms is not None and key.expires_ms <= now_ms):
            continue
        moved = abs((key.expires_ms or 0) - (other.expires_ms or 0)) if key.value is not None else 0
        if _comparable(key) != _comparable(other) or moved > EXPIRY_TOLERANCE_MS:
            raise StartError(
                f"Redis does not hold what was restored (a key of the kind {kind_of(key.name)}): check the log and "
                "the eviction policy of Redis, and restore again with --replace",
                exit_code=Exit.BACKUP,
            )


def _comparable(key: StoredKey) -> object:
    """Return a value to compare: Redis orders members of equal score by itself, and may write scores differently."""
    if key.type == "sorted set" and key.value is not None:
        return sorted((member, float(score)) for member, score in key.value)
    return key.value
