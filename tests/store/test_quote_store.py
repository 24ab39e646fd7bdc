from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.content import Text
from bot.conversation.errors import Fenced
from bot.conversation.message import Attachment, Author, Quote, Quoted
from bot.store.conversations import Conversations
from bot.store.file_store import FileContent, FileStore
from bot.store.key_lifetimes import FILES_S
from bot.store.keys import Keys
from bot.store.quote_store import FetchedQuotes, QuoteStore
from bot.store.revisions import Revisions
from tests.store.claims import lease_of

C = 77
KEYS = Keys("test")
SAID = Quoted(3, "hello", Author(1, "ann", "Ann"), (Attachment(4, "a.png", "image/png", 5),), own=True)
FETCHED = FetchedQuotes((Quote("reply", 8, (SAID,)),), ("I could not read a linked message.",), (9,))


async def test_quotes_are_kept_for_a_while_beside_the_files(redis: Redis) -> None:
    store, files = QuoteStore(redis, KEYS), FileStore(redis, KEYS)
    assert await store.fetched(C, [5]) == {}
    lease = await lease_of(redis, KEYS, C)
    await store.keep(lease, 5, FETCHED)
    await files.keep(lease, 5, 4, FileContent((Text("x"),)))
    assert await store.fetched(C, [5, 6]) == {5: FETCHED}
    assert list(await files.contents(C)) == [(5, 4)]
    assert 0 < await redis.ttl(KEYS.files(C)) <= FILES_S


async def test_quotes_that_another_version_wrote_are_left_out(redis: Redis) -> None:
    await redis.hset(KEYS.files(C), "5:quotes", '{"quotes":[{"kind":"hologram"}]}')
    assert await QuoteStore(redis, KEYS).fetched(C, [5]) == {}


async def test_a_deleted_message_and_a_reset_take_the_quotes_along(redis: Redis) -> None:
    store = QuoteStore(redis, KEYS)
    for message in (5, 55):
        await store.keep(await lease_of(redis, KEYS, C), message, FETCHED)
    await Revisions(redis, KEYS, ttl_s=1000).delete(C, 5)
    assert list(await store.fetched(C, [5, 55])) == [55]
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
    assert await store.fetched(C, [5, 55]) == {}


async def test_a_worker_whose_turn_was_reset_brings_no_quote_back(redis: Redis) -> None:
    lease = await lease_of(redis, KEYS, C)
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=100)
    with pytest.raises(Fenced):
        await QuoteStore(redis, KEYS).keep(lease, 5, FETCHED)
    assert not await redis.exists(KEYS.files(C))
