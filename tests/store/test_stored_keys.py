"""Keys read and written whole, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.store.connection import connect
from bot.store.content import AsStored, Cipher, Content
from bot.store.contracts import CONTRACTS
from bot.store.keys import Keys
from bot.store.stored_keys import COMMANDS, StoredKey, StoredKeys

FROM, TO = Keys("from"), Keys("to")

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scores = st.floats(allow_nan=False).map(repr)
some: dict[str, Any] = {"min_size": 1, "max_size": 8}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": texts,
    "hash": st.dictionaries(texts, texts, **some),
    "list": st.lists(texts, **some),
    "set": st.sets(texts, **some).map(sorted),
    "sorted set": st.dictionaries(texts, scores, **some).map(lambda d: [list(each) for each in d.items()]),
    "stream": st.dictionaries(
        st.integers(1, 10**13), st.dictionaries(texts, texts, min_size=1, max_size=3), **some
    ).map(lambda d: [[f"{id_}-1", fields] for id_, fields in sorted(d.items())]),
}
NAMES = {"string": "since", "hash": "{5}:meta", "list": "{5}:h", "set": "{5}:x", "sorted set": "{5}:q"} | {
    "stream": "{5}:audit"
}


@pytest.fixture
async def client(redis: Redis, redis_url: str) -> AsyncIterator[Redis]:
    """A client that leaves what is encrypted as it is stored."""
    client = connect(redis_url, timeout_s=10, cipher=AsStored())
    yield client
    await client.aclose()


def comparable(key: StoredKey) -> object:
    if key.type == "sorted set":
        return sorted((member, float(score)) for member, score in key.value)
    return key.value


def test_there_is_a_command_for_the_type_of_each_contract() -> None:
    assert {each.type for each in CONTRACTS} - {"channel"} == set(COMMANDS) == set(VALUES)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_each_type_comes_back_as_it_was(kind: str, redis_url: str) -> None:
    @given(VALUES[kind])
    def round_trip(value: Any) -> None:
        asyncio.run(compare(value))

    async def compare(value: Any) -> None:
        client = connect(redis_url, timeout_s=10, cipher=AsStored())
        try:
            key = StoredKey(NAMES[kind], kind, None, value)
            await StoredKeys(client, FROM).write([key])
            (read,) = await StoredKeys(client, FROM).read([key.name])
            assert comparable(read) == comparable(key)
            await StoredKeys(client, TO).write([read])
            assert await StoredKeys(client, TO).read([key.name]) == (read,)
        finally:
            await client.aclose()

    round_trip()


async def test_more_members_than_one_command_takes_come_back_in_order(client: Redis) -> None:
    value = [str(number) for number in range(1234)]
    await StoredKeys(client, FROM).write([StoredKey("{5}:h", "list", None, value)])
    (read,) = await StoredKeys(client, FROM).read(["{5}:h"])
    assert read.value == value


async def test_an_expiry_is_a_time_and_not_a_duration(client: Redis) -> None:
    now_ms = await StoredKeys(client, FROM).now_ms()
    await StoredKeys(client, FROM).write([StoredKey("{5}:meta", "hash", now_ms + 5_000_000, {"a": "b"})])
    (read,) = await StoredKeys(client, FROM).read(["{5}:meta"])
    assert read.expires_ms is not None
    assert abs(read.expires_ms - now_ms - 5_000_000) < 1000
    await StoredKeys(client, FROM).write([StoredKey("{5}:meta", "hash", None, {"a": "b"})])
    assert (await StoredKeys(client, FROM).read(["{5}:meta"]))[0].expires_ms is None


async def test_a_key_that_is_gone_is_read_as_none_and_removed_where_that_is_written(client: Redis) -> None:
    await client.set("to:{5}:hw", "1")
    read = await StoredKeys(client, FROM).read(["{5}:hw"])
    assert read == (StoredKey("{5}:hw", "string", None, None),)
    await StoredKeys(client, TO).write(read)
    assert not await client.exists("to:{5}:hw")


async def test_a_key_without_a_contract_has_the_type_that_the_server_tells(client: Redis) -> None:
    await client.zadd("from:{5}:of another version", {"a": 1})
    (read,) = await StoredKeys(client, FROM).read(["{5}:of another version"])
    assert (read.type, read.value) == ("sorted set", [["a", "1"]])


async def test_security_what_is_encrypted_is_read_encrypted(client: Redis, redis_url: str) -> None:
    key = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I="
    bot = connect(redis_url, timeout_s=10, cipher=Cipher([key]))
    await bot.rpush("from:{5}:h", Content("hello"))
    (read,) = await StoredKeys(client, FROM).read(["{5}:h"])
    assert "hello" not in read.value[0]
    await StoredKeys(client, TO).write([read])
    assert await bot.lrange("to:{5}:h", 0, -1) == ["hello"]
    await bot.aclose()
