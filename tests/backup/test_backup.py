"""Backup and restore between real servers."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.backup.backup import LEFT_OUT, back_up, kind_of
from bot.backup.backup_file import BackupReader
from bot.config import Exit
from bot.conversation.errors import StartError
from bot.store.connection import connect
from bot.store.content import AsStored
from bot.store.keys import Keys
from bot.store.work_queue import WorkQueue
from tests.backup.backup_stage import SCHEMA, filled, restored, source, target
from tests.conversation.builders import message, snowflake
from tests.redis_cluster import ClusterShape
from tests.store.stage import CHANNEL_FIELDS, KEYS, C, Store, claimed

__all__ = ["source", "target"]

OTHER = Keys("other")
RUNNING = {
    key.removeprefix("test:") for key in (KEYS.migration_lease, KEYS.migration_step, KEYS.migration_left)
}
"""What says how far a migration has come."""


async def everything(redis: Redis, prefix: str) -> dict[str, tuple[Any, ...]]:
    """What a server holds, by names behind the prefix."""
    found = {}
    async for key in redis.scan_iter(match=f"{prefix}:*"):
        kind = await redis.type(key)
        read: dict[str, Any] = {
            "hash": redis.hgetall,
            "string": redis.get,
            "set": redis.smembers,
            "list": lambda name: redis.lrange(name, 0, -1),
            "zset": lambda name: redis.zrange(name, 0, -1, withscores=True),
            "stream": redis.xrange,
        }
        found[str(key).removeprefix(f"{prefix}:")] = (
            kind,
            await read[str(kind)](key),
            await redis.pexpiretime(key),
        )
    return found


def files(folder: Path) -> dict[str, int]:
    """The files of a folder and their modes."""
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


async def test_everything_comes_back_on_another_server_and_under_another_prefix(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    await filled(source)
    done = await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    before = await everything(source, "test")
    for left_out in RUNNING:
        del before[left_out]
    assert sum(done.counts.values()) == len(before) - 1  # without the heartbeat
    result = await restored(target, tmp_path / "file", OTHER)
    after = await everything(target, "other")
    del before["pulse:gone"], before["work"], after["work"]
    sweeps = {name for name in after if name in ("sweeps", "audits")}
    assert after.keys() - before.keys() <= sweeps
    for name, (kind, value, expires) in before.items():
        assert after[name][:2] == (kind, value), name
        assert abs(after[name][2] - expires) < 1000, name
    assert result.counts == done.counts
    assert result.header.prefix == "test"


async def test_a_restored_message_that_waits_is_claimed_though_no_queue_knew_of_it(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    await filled(source)
    await source.delete("test:work")
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    await restored(target, tmp_path / "file")
    assert [item.conversation for item in await WorkQueue(target, KEYS).items()] == [C]
    store = Store(target)
    claim = await claimed(store)
    assert [each.text for each in claim.batch.messages] == ["second"]
    assert len(claim.history) == 1


async def test_the_file_can_be_read_by_its_owner_alone_and_replaces_an_older_one_once_it_is_complete(
    source: Redis, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("older")
    await filled(source)
    await back_up(source, KEYS, path, schema=SCHEMA)
    assert files(tmp_path) == {"file": 0o600}
    assert BackupReader(path).header.prefix == "test"


async def test_a_file_that_cannot_be_written_is_one_line_and_leaves_nothing(
    source: Redis, tmp_path: Path
) -> None:
    with pytest.raises(StartError, match="cannot be written: No such file or directory") as refused:
        await back_up(source, KEYS, tmp_path / "missing" / "file", schema=SCHEMA)
    assert refused.value.exit_code == Exit.BACKUP
    assert files(tmp_path) == {}


async def test_what_is_written_during_the_backup_is_whole_where_it_is_held(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    store = Store(source)
    others = [snowflake(1000 + each) for each in range(300)]
    talks = asyncio.Event()

    async def talk() -> None:
        for number in range(10_000):
            for conversation in others[number % 7 :: 7]:
                await store.receive(
                    conversation,
                    message("words", number=5000 + number),
                    source="event",
                    channel_fields=CHANNEL_FIELDS,
                )
                talks.set()

    talking = asyncio.create_task(talk())
    await talks.wait()
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    assert not talking.done()
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    await restored(target, tmp_path / "file")
    work = {item.conversation for item in await WorkQueue(target, KEYS).items()}
    waiting = 0
    for conversation in others:
        for member in await target.zrange(KEYS.pending(conversation), 0, -1):
            assert await target.hget(KEYS.record(conversation, int(str(member))), "state") == "received"
            assert conversation in work
            waiting += 1
    assert waiting


def test_what_is_left_out_are_kinds_of_keys() -> None:
    names = ("pulse:one", "{trial-0}:1", "{schema}:lease", "{schema}:step", "{schema}:left")
    assert {kind_of(name) for name in names} == LEFT_OUT


async def test_a_backup_of_one_server_is_restored_on_a_cluster_and_back(
    source: Redis, target: Redis, cluster: ClusterShape, tmp_path: Path
) -> None:
    await filled(source)
    done = await back_up(source, KEYS, tmp_path / "one", schema=SCHEMA)
    client = connect(cluster.url, timeout_s=10, cipher=AsStored())
    try:
        await restored(client, tmp_path / "one", OTHER, replaces=True)
        again = await back_up(client, OTHER, tmp_path / "two", schema=SCHEMA)
    finally:
        await client.aclose()
    assert done.counts.items() <= again.counts.items()  # what is derived comes besides
    await restored(target, tmp_path / "two")
    before, after = await everything(source, "test"), await everything(target, "test")
    assert not after.keys() & RUNNING
    for name in ("pulse:gone", "work", *RUNNING):
        del before[name]
    for name, (kind, value, _) in before.items():
        assert after[name][:2] == (kind, value), name
