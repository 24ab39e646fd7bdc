"""Which files nothing names, and what a sweep removes, on a real Redis server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.content import FileSource, Image, InlineSource, Source
from bot.conversation.elements import question
from bot.conversation.errors import Unreadable
from bot.conversation.message import Attachment
from bot.conversation.turn import Preface, Turn
from bot.store.claim import Lease
from bot.store.codec import dump_turn
from bot.store.conversations import Conversations
from bot.store.file_sweeps import FileSweeps, Sweep
from bot.store.held_files import HeldFiles, Upload
from bot.store.history import History
from bot.store.keys import Keys
from tests.conversation.builders import message, snowflake, turn
from tests.store.claims import lease_of

C = snowflake(5)
LEASE = Lease(C, 1)
KEYS = Keys("test")


def named(number: int, *files: Source) -> Turn:
    attachments = tuple(
        Attachment(at, f"{at}.png", "image/png", 4, blocks=(Image(source, 30, f"{at}.png"),))
        for at, source in enumerate(files)
    )
    asked = question([message("look", number=number, attachments=attachments)])
    plain = turn(number)
    return replace(plain, sent=(asked, *plain.sent[1:]), members=(snowflake(number),))


def uploads(*numbers: int) -> list[FileSource]:
    return [FileSource(f"file_{number}") for number in numbers]


@pytest.fixture
def sweeps(redis: Redis) -> FileSweeps:
    return FileSweeps(redis, KEYS)


@pytest.fixture
async def files(redis: Redis) -> HeldFiles:
    assert await lease_of(redis, KEYS, C) == LEASE
    return HeldFiles(redis, KEYS, ttl_s=1000, upload_s=10**6, inline_bytes=10**6)


async def hold(files: HeldFiles, *numbers: int, inline: Sequence[str] = ()) -> None:
    for number in numbers:
        begun = await files.begin_upload(LEASE, f"d{number}")
        await files.record_upload(C, f"d{number}", Upload(begun.begun_s, f"file_{number}"))
    for digest in inline:
        await files.inline.put(LEASE, digest, "cG5n")


async def write(redis: Redis, *turns: Turn, **meta: str) -> None:
    for each in turns:
        await redis.rpush(KEYS.history(C), dump_turn(each))
    for name, value in meta.items():
        await redis.hset(KEYS.meta(C), name, value)


async def swept(sweeps: FileSweeps) -> tuple[bool, tuple[str, ...]]:
    done = await sweeps.discard(C, await sweeps.unnamed(C))
    return done, await sweeps.discarded(C)


async def test_what_the_window_its_preface_and_the_pins_name_stays(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles
) -> None:
    await hold(files, 1, 2, 3, 4, 5, inline=("b1", "b2"))
    trim = replace(
        named(4, *uploads(4), InlineSource("image/png", "b1")), preface=Preface("", (named(2, *uploads(2)),))
    )
    await write(
        redis, named(1, *uploads(1)), named(2, *uploads(2)), named(3, *uploads(3)), trim, cut="3", places="2"
    )
    assert await swept(sweeps) == (True, ("file_1", "file_5"))
    assert sorted(await redis.hkeys(KEYS.uploads(C))) == ["d2", "d3", "d4"]
    assert await redis.hkeys(KEYS.inline(C)) == ["b1"]


async def test_the_ids_to_delete_stay_until_they_are_deleted(sweeps: FileSweeps, files: HeldFiles) -> None:
    await hold(files, 1, 2)
    assert await swept(sweeps) == (True, ("file_1", "file_2"))
    assert await swept(sweeps) == (True, ("file_1", "file_2"))
    await sweeps.deleted(C, ("file_1",))
    assert await sweeps.discarded(C) == ("file_2",)


async def test_nothing_goes_while_a_turn_waits_or_runs(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles
) -> None:
    await hold(files, 1, inline=("b1",))
    conversations = Conversations(redis, KEYS, ttl_s=1000)
    before = await sweeps.unnamed(C)
    await conversations.receive(C, message("hello"), source="event", channel_fields={})
    assert (await sweeps.unnamed(C)).busy
    assert not await sweeps.discard(C, before)
    assert await redis.hlen(KEYS.uploads(C)) == await redis.hlen(KEYS.inline(C)) == 1


@pytest.mark.parametrize("change", ["entry", "window", "pins"])
async def test_nothing_goes_where_the_history_has_changed_since_it_was_read(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles, change: str
) -> None:
    await hold(files, 1)
    before = await sweeps.unnamed(C)
    if change == "entry":
        await write(redis, named(1, *uploads(1)))
    else:
        await redis.hset(KEYS.meta(C), {"window": "cut", "pins": "places"}[change], "0")
    assert not await sweeps.discard(C, before)
    assert await sweeps.discarded(C) == ()


async def test_an_upload_without_an_answer_is_told_apart(sweeps: FileSweeps, files: HeldFiles) -> None:
    begun = await files.begin_upload(LEASE, "d1")
    unnamed = await sweeps.unnamed(C)
    assert (unnamed.digests, unnamed.unanswered) == (("d1",), {"d1": begun.begun_s})
    await files.record_upload(C, "d1", Upload(begun.begun_s, "file_1"))
    assert await sweeps.discard(C, unnamed)
    assert await sweeps.discarded(C) == ("file_1",)


async def test_a_history_that_another_version_wrote_is_left_alone(redis: Redis, sweeps: FileSweeps) -> None:
    await redis.rpush(KEYS.history(C), '{"version":99}')
    with pytest.raises(Unreadable):
        await sweeps.unnamed(C)


async def test_a_sweep_that_is_due_is_taken_and_is_due_again_unless_it_is_done(
    redis: Redis, sweeps: FileSweeps
) -> None:
    assert await sweeps.take(60) == ()
    await sweeps.schedule(C, 1000)
    assert await sweeps.take(60) == ()
    await sweeps.schedule(C, -1)
    (taken,) = await sweeps.take(60)
    assert taken == Sweep(C, f"{await redis.zscore(KEYS.sweeps, str(C)):.0f}")
    assert await sweeps.take(60) == ()
    await sweeps.done(taken)
    assert await redis.zcard(KEYS.sweeps) == 0


async def test_a_sweep_that_was_scheduled_meanwhile_stays(redis: Redis, sweeps: FileSweeps) -> None:
    await sweeps.schedule(C, -1)
    (taken,) = await sweeps.take(60)
    await sweeps.schedule(C, -1)
    await sweeps.done(taken)
    assert [each.conversation for each in await sweeps.take(60)] == [C]


async def test_a_conversation_that_holds_files_is_swept_again_when_it_is_forgotten(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles
) -> None:
    await hold(files, 1)
    await write(redis, named(1, *uploads(1)), cut="0")
    await redis.expire(KEYS.history(C), 5000)
    await redis.expire(KEYS.meta(C), 9000)
    await sweeps.schedule(C, -1)
    (taken,) = await sweeps.take(60)
    now_ms = float(taken.score) - 60_000
    await sweeps.done(taken)
    assert 8000 < (float(await redis.zscore(KEYS.sweeps, str(C)) or 0) - now_ms) / 1000 < 10_000
    await redis.delete(KEYS.history(C), KEYS.meta(C))
    assert await swept(sweeps) == (True, ("file_1",))


async def test_a_reset_forgets_the_bytes_at_once_and_has_the_uploads_swept(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles
) -> None:
    await hold(files, 1, inline=("b1",))
    await write(redis, named(1, *uploads(1)))
    await redis.delete(KEYS.sweeps)
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=snowflake(100))
    assert not await redis.exists(KEYS.inline(C))
    assert await redis.zscore(KEYS.sweeps, str(C)) is not None
    assert await swept(sweeps) == (True, ("file_1",))


async def test_a_deleted_message_has_its_conversation_swept_if_it_had_files(
    redis: Redis, sweeps: FileSweeps, files: HeldFiles
) -> None:
    await hold(files, 1)
    await write(redis, named(1, *uploads(1)), turn(2))
    await redis.delete(KEYS.sweeps)
    history = History(redis, KEYS)
    await history.amend(C, snowflake(2), None)
    assert not await redis.exists(KEYS.sweeps)
    await history.amend(C, snowflake(1), None)
    assert await redis.zscore(KEYS.sweeps, str(C)) is not None
    assert await swept(sweeps) == (True, ("file_1",))
