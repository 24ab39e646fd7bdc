"""What is kept of a person by ids and numbers alone, on a real Redis server."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.conversation.identity import Identity
from bot.store.keys import Keys
from bot.store.stored_values import StoredValues

KEYS = Keys("test")
WHO = Identity(70, 1 << 60)


async def test_a_key_that_names_the_person_is_shown_whole_and_of_a_shared_one_their_part(
    redis: Redis,
) -> None:
    await redis.set(KEYS.consent(70), 5)
    await redis.set(KEYS.consent(71), 6)
    await redis.sadd(KEYS.consent_asked(70), 3)
    await redis.zadd(KEYS.threads(3, 70), {"900": 12})
    await redis.hset(KEYS.places(70), "8", "run 900 1000")
    await redis.hset(
        KEYS.budget("server-3-USD-day-20270115"), mapping={"settled": 9, "line:70": 1, "line:71": 1}
    )
    await redis.zadd(KEYS.forget_queue, {"70": 1, "71": 2})
    await redis.hset(KEYS.decisions(8), mapping={"900": "left alone", "901": "left alone"})
    found = {each.key: each.value for each in await StoredValues(redis, KEYS).of(WHO, [900])}
    assert found == {
        "{70}:consent": "5",
        "{70}:consent:asked": ["3"],
        "{70}:places": {"8": "run 900 1000"},
        "{3}:threads:70": {"900": "12"},
        "{8}:d": {"900": "left alone"},
        "{budgets}:c:server-3-USD-day-20270115": {"line:70": "1"},
        "forgetting": {"70": "1"},
    }
