"""What a restore refuses, replaces and leaves out."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.backup.backup import back_up
from bot.backup.backup_file import BackupReader
from bot.conversation.errors import StartError
from bot.conversation.identity import Identity
from bot.conversation.message import created_ms
from bot.store.forget_jobs import ForgetJobs
from bot.store.key_lifetimes import PULSE_S
from bot.store.migrations import NEWEST
from bot.store.schema import Schema
from bot.store.work_queue import WorkQueue
from tests.backup.backup_stage import SCHEMA, filled, restored, source, target
from tests.store.stage import KEYS

__all__ = ["source", "target"]


def lines(path: Path) -> list[Any]:
    with gzip.open(path) as file:
        return [json.loads(line) for line in file]


def write(path: Path, content: list[Any]) -> None:
    with gzip.open(path, "wb") as file:
        for line in content:
            file.write(json.dumps(line).encode() + b"\n")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda raw: raw[: len(raw) // 2], "is incomplete"),
        (lambda raw: raw[:-9], "is incomplete"),
        (lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:], "is damaged"),
        (lambda _: b"", "is damaged, or is not a backup"),
        (lambda _: b"bobbin", "is damaged, or is not a backup"),
        (lambda _: gzip.compress(b"[1]\n"), "is damaged, or is not a backup"),
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
    with pytest.raises(StartError, match=r"made by a newer version \(Bobbin .*\): install that version"):
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
    with pytest.raises(StartError, match="--replace") as refused:
        await restored(target, tmp_path / "file")
    assert f"`python -m bot restore --replace {tmp_path / 'file'}`" in refused.value.line
    assert "'test'" in refused.value.line
    await restored(target, tmp_path / "file", replaces=True)
    assert not await target.exists("test:{99}:hw")
    assert await target.exists("tester:key")
    assert await target.get("test:since") == "17"


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
    with pytest.raises(
        StartError, match="restore was broken off: run `python -m bot restore --replace FILE`"
    ):
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
    at_ms = BackupReader(path).header.at_ms
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
