"""The definitions of remote tools, on a real Redis server."""

from redis.asyncio import Redis

from bot.store.keys import Keys
from bot.store.pinned_tools import PinnedTools


async def test_each_definition_is_held_by_its_digest(redis: Redis) -> None:
    pinned = PinnedTools(redis, Keys("test"))
    assert await pinned.all() == {}
    await pinned.save("a1", "{}")
    await pinned.save("b2", '{"name": "wiki_search"}')
    await pinned.save("a1", "{}")
    assert await pinned.all() == {"a1": "{}", "b2": '{"name": "wiki_search"}'}
    assert await redis.ttl("test:pins") == -1
