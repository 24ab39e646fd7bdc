"""Backup and restore between real servers."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.backup.backup import LEFT_OUT, back_up, kind_of
from bot.backup.backup_file import BackupReader
from bot.backup.restore import Restored, restore
from bot.config import Exit
from bot.conversation.errors import StartError
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.store.codec import Result
from bot.store.connection import connect
from bot.store.content import AsStored
from bot.store.forget_jobs import ForgetJobs
from bot.store.keys import PULSE_S, Keys
from bot.store.migrations import NEWEST
from bot.store.schema import Schema
from bot.store.work_queue import WorkQueue
from tests.conversation.builders import message, snowflake
from tests.redis_server import redis_server
from tests.redis_shapes import ClusterShape
from tests.store.stage import CHANNEL_FIELDS, KEYS, C, Store, answered, claimed, receive

SECRET = b"secret"
SCHEMA = 1
OTHER = Keys("other")


@pytest.fixture
async def source(redis: Redis, redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty server."""
    client = connect(redis_url, timeout_s=10, cipher=AsStored())
    yield client
    await client.aclose()


@pytest.fixture
async def target() -> AsyncIterator[Redis]:
    """A client of another server."""
    with redis_server() as url:
        client = connect(url, timeout_s=10, cipher=AsStored())
        yield client
        await client.aclose()


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


async def filled(redis: Redis) -> Store:
    """A store with a turn that is done, a message that waits, and one key of each type."""
    store = Store(redis)
    await receive(store, message("first", number=10))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=True)
    await receive(store, message("second", number=11))
    await redis.xadd("test:{7}:audit", {"what": "something"})
    await redis.sadd("test:{5}:x", "file")
    await redis.set("test:since", "17")
    await redis.set("test:pulse:gone", "1", ex=PULSE_S // 2)
    await redis.set("another:key", "1")
    return store


async def restored(redis: Redis, path: Path, keys: Keys = KEYS, **options: Any) -> Restored:
    return await restore(redis, keys, path, schema=SCHEMA, secret=SECRET, **options)


def files(folder: Path) -> dict[str, int]:
    """The files of a folder and their modes."""
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}


def lines(path: Path) -> list[Any]:
    with gzip.open(path) as file:
        return [json.loads(line) for line in file]


def write(path: Path, content: list[Any]) -> None:
    with gzip.open(path, "wb") as file:
        for line in content:
            file.write(json.dumps(line).encode() + b"\n")


async def test_everything_comes_back_on_another_server_and_under_another_prefix(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    await filled(source)
    done = await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    before = await everything(source, "test")
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
    assert result.head.prefix == "test"


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
    assert BackupReader(path).head.prefix == "test"


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


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda raw: raw[: len(raw) // 2], "is cut off"),
        (lambda raw: raw[:-9], "is cut off"),
        (lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:], "is damaged"),
        (lambda _: b"", "is damaged, or no backup"),
        (lambda _: b"bobbin", "is damaged, or no backup"),
        (lambda _: gzip.compress(b"[1]\n"), "is damaged, or no backup"),
    ],
)
async def test_a_file_that_is_not_whole_is_refused_in_one_line_and_nothing_is_changed(
    source: Redis, target: Redis, tmp_path: Path, harm: Any, said: str
) -> None:
    await filled(source)
    path = tmp_path / "file"
    await back_up(source, KEYS, path, schema=SCHEMA)
    path.write_bytes(harm(path.read_bytes()))
    await target.set("test:since", "1")
    with pytest.raises(StartError, match=said) as refused:
        await restored(target, path, replaces=True)
    assert "\n" not in refused.value.line
    assert await target.get("test:since") == "1"


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:2] + content[3:],
        lambda content: [*content, content[1]],
        lambda content: content[:1] + content[2:1:-1] + content[1:2] + content[3:],
    ],
)
async def test_a_file_whose_lines_were_changed_is_refused(
    source: Redis, target: Redis, tmp_path: Path, change: Any
) -> None:
    await filled(source)
    path = tmp_path / "file"
    await back_up(source, KEYS, path, schema=SCHEMA)
    write(path, change(lines(path)))
    with pytest.raises(StartError, match="is damaged"):
        await restored(target, path)


async def test_a_file_of_a_newer_format_or_schema_names_the_version_that_can_read_it(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    await filled(source)
    path = tmp_path / "file"
    await back_up(source, KEYS, path, schema=SCHEMA + 1)
    with pytest.raises(StartError, match=r"made by a newer version \(Bobbin .*\): install that one"):
        await restored(target, path)
    head, *rest = lines(path)
    write(path, [{**head, "bobbin_backup": 2, "bobbin": "9.9"}, *rest])
    with pytest.raises(StartError, match=r"made by a newer version \(Bobbin 9\.9\)"):
        await restored(target, path)


async def test_a_prefix_that_holds_something_is_replaced_only_on_demand(
    source: Redis, target: Redis, tmp_path: Path
) -> None:
    await filled(source)
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    await target.set("test:{99}:hw", "1")
    await target.set("tester:key", "1")
    with pytest.raises(StartError, match="--replace"):
        await restored(target, tmp_path / "file")
    await restored(target, tmp_path / "file", replaces=True)
    assert not await target.exists("test:{99}:hw")
    assert await target.exists("tester:key")
    assert await target.get("test:since") == "17"


def test_what_is_left_out_are_kinds_of_keys() -> None:
    assert {kind_of(name) for name in ("pulse:one", "{trial}:1")} == LEFT_OUT


async def test_an_instance_that_runs_keeps_its_store(source: Redis, target: Redis, tmp_path: Path) -> None:
    await filled(source)
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    await WorkQueue(target, KEYS).beat("instance", "", "1")
    with pytest.raises(StartError, match="stop every instance"):
        await restored(target, tmp_path / "file", replaces=True)
    await target.expire(KEYS.pulse("instance"), PULSE_S - 200)
    await restored(target, tmp_path / "file", replaces=True)


async def test_a_key_whose_time_is_over_is_not_restored(source: Redis, target: Redis, tmp_path: Path) -> None:
    await filled(source)
    await source.set("test:i:5", "instance", px=1)
    await source.set("test:i:6", "instance", ex=50)
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    content = lines(tmp_path / "file")
    for line in content[1:-1]:
        for key in line:
            key[2] = 1 if key[0] == "i:6" else key[2]
    head, *parts, end = content
    write(tmp_path / "file", [head, *parts, end])
    rewritten = resealed(tmp_path / "file")
    result = await restored(target, rewritten)
    assert result.expired == 1
    assert not await target.exists("test:i:6")


def id_at(when_ms: int) -> int:
    """Return an id that Discord made at a time."""
    return (when_ms - created_ms(0)) << 22


async def test_no_instance_starts_on_what_a_broken_restore_has_left(
    source: Redis, target: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(source)
    await source.set(KEYS.schema, NEWEST)
    await back_up(source, KEYS, tmp_path / "file", schema=SCHEMA)
    with monkeypatch.context() as patch:
        patch.setattr("bot.backup.restore._batches", broken_off)
        with pytest.raises(KeyboardInterrupt):
            await restored(target, tmp_path / "file")
    with pytest.raises(StartError, match="newer release"):
        await Schema(target, KEYS, instance="new").start()
    await restored(target, tmp_path / "file", replaces=True)
    await Schema(target, KEYS, instance="new").start()
    assert await target.get(KEYS.schema) == str(NEWEST)


def broken_off(_: Any) -> Any:
    """Stop a restore as Ctrl-C does."""
    raise KeyboardInterrupt


def resealed(path: Path) -> Path:
    """Give a changed file the digest of its new content."""
    *content, end = lines(path)
    end["sha256"] = hashlib.sha256(
        b"".join(json.dumps(each).encode() + b"\n" for each in content)
    ).hexdigest()
    write(path, [*content, end])
    return path


async def test_security_people_who_were_forgotten_since_the_backup_are_forgotten_anew(
    source: Redis, tmp_path: Path
) -> None:
    await filled(source)
    path = tmp_path / "file"
    done_before = await back_up(source, KEYS, path, schema=SCHEMA)
    assert "forgotten" not in done_before.counts
    jobs = ForgetJobs(source, KEYS)
    at_ms = BackupReader(path).head.at_ms
    before = id_at(at_ms + 5000)
    await jobs.begin(Identity(77, before), "code", next_in_s=30)
    long_ago = Identity(78, id_at(at_ms - 5 * 24 * 3600 * 1000))
    await jobs.remember(long_ago, at_ms)
    result = await restored(source, path, replaces=True)
    assert result.forgotten == 1
    assert await jobs.take(30) == (77,)
    job = await jobs.get(77)
    assert job is not None
    assert (job.identity.before, job.again, job.done) == (before, True, False)
    assert await jobs.remembered() == {77: before, 78: long_ago.before}


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
    del before["pulse:gone"], before["work"]
    for name, (kind, value, _) in before.items():
        assert after[name][:2] == (kind, value), name
