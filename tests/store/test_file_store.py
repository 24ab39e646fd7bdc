from __future__ import annotations

from redis.asyncio import Redis

from bot.conversation.content import FileSource, Image, Text
from bot.store.conversations import Conversations
from bot.store.file_store import FileContent, FileStore
from bot.store.keys import FILES_S, Keys
from bot.store.revisions import Revisions

C = 77
KEYS = Keys("test")
SHOWN = FileContent(
    (Image(FileSource("file_1"), 30, "a.png"), Text("x")), "its first frame", "I see one frame."
)


async def test_the_content_of_a_file_is_kept_for_a_while(redis: Redis) -> None:
    store = FileStore(redis, KEYS)
    assert await store.contents(C) == {}
    await store.keep(C, 5, 9, SHOWN)
    assert await store.contents(C) == {(5, 9): SHOWN}
    assert 0 < await redis.ttl(KEYS.files(C)) <= FILES_S


async def test_a_content_that_another_version_wrote_is_left_out(redis: Redis) -> None:
    await redis.hset(KEYS.files(C), "5:9", '{"blocks":[{"type":"hologram"}]}')
    assert await FileStore(redis, KEYS).contents(C) == {}


async def test_a_deleted_message_and_a_reset_take_the_contents_along(redis: Redis) -> None:
    store = FileStore(redis, KEYS)
    for message in (5, 55):
        await store.keep(C, message, 9, SHOWN)
    await Revisions(redis, KEYS, ttl_s=1000).delete(C, 5)
    assert list(await store.contents(C)) == [(55, 9)]
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
    assert await store.contents(C) == {}
