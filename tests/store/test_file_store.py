from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.content import FileSource, Image, Text
from bot.conversation.elements import TAKEN_OUT
from bot.conversation.errors import Fenced
from bot.store.conversations import Conversations
from bot.store.file_store import FileContent, FileStore
from bot.store.held_files import HeldFiles, Upload
from bot.store.key_lifetimes import FILES_S
from bot.store.keys import Keys
from bot.store.revisions import Revisions
from tests.store.claims import lease_of

C = 77
KEYS = Keys("test")
SHOWN = FileContent(
    (Image(FileSource("file_1"), 30, "a.png"), Text("x")), "its first frame", "I see one frame."
)


def held_by(redis: Redis) -> HeldFiles:
    return HeldFiles(redis, KEYS, ttl_s=1000, upload_s=10**10, inline_bytes=1000)


def store_of(redis: Redis) -> FileStore:
    return FileStore(redis, KEYS, held_by(redis))


async def test_the_content_of_a_file_is_kept_for_a_while_unless_the_file_is_gone(redis: Redis) -> None:
    store = store_of(redis)
    await held_by(redis).record_upload(C, "d1", Upload(1, "file_1"))
    assert await store.contents(C) == {}
    await store.keep(await lease_of(redis, KEYS, C), 5, 9, SHOWN)
    assert await store.contents(C) == {(5, 9): SHOWN}
    assert 0 < await redis.ttl(KEYS.files(C)) <= FILES_S
    await held_by(redis).forget_uploads(C, {"file_1"})
    assert await store.contents(C) == {}


async def test_a_content_that_another_version_wrote_is_left_out(redis: Redis) -> None:
    await redis.hset(KEYS.files(C), "5:9", '{"blocks":[{"type":"hologram"}]}')
    assert await store_of(redis).contents(C) == {}


async def test_a_deleted_message_and_a_reset_take_the_contents_along(redis: Redis) -> None:
    store = store_of(redis)
    await held_by(redis).record_upload(C, "d1", Upload(1, "file_1"))
    for message in (5, 55):
        await store.keep(await lease_of(redis, KEYS, C), message, 9, SHOWN)
    await Revisions(redis, KEYS, ttl_s=1000).delete(C, 5)
    assert list(await store.contents(C)) == [(55, 9)]
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
    assert await store.contents(C) == {}


async def test_a_worker_whose_turn_was_reset_brings_no_content_back(redis: Redis) -> None:
    lease = await lease_of(redis, KEYS, C)
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
    with pytest.raises(Fenced):
        await store_of(redis).keep(lease, 5, 9, SHOWN)
    assert not await redis.exists(KEYS.files(C))


async def test_a_file_is_left_out_of_later_regenerations_unless_a_reset_takes_it_along_meanwhile(
    redis: Redis,
) -> None:
    class Reset(FileStore):
        async def contents(self, conversation: int) -> dict[tuple[int, int], FileContent]:
            found = await super().contents(conversation)
            await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
            return found

    shown = FileContent((Text("x"),))
    for store, left in ((store_of(redis), {(5, 9): FileContent((), TAKEN_OUT)}), (Reset(redis, KEYS), {})):
        await store_of(redis).keep(await lease_of(redis, KEYS, C), 5, 9, shown)
        await store.take_out(C, Text("x"))
        assert await store_of(redis).contents(C) == left
    assert not await redis.exists(KEYS.files(C))
