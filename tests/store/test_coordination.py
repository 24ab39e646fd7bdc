"""What instances agree on, on a real Redis server."""

from __future__ import annotations

import datetime as dt

from redis.asyncio import Redis

from bot.store.coordination import Coordination
from bot.store.key_lifetimes import MODEL_IN_USE_S
from bot.store.keys import Keys

NOW_S = 1_800_000_000
DAY = dt.date(2027, 1, 15)


def coordination(redis: Redis, instance: str) -> Coordination:
    return Coordination(redis, Keys("test"), instance=instance)


async def test_one_instance_a_day_is_the_first_to_tell_of_a_model(redis: Redis) -> None:
    one, two = coordination(redis, "one"), coordination(redis, "two")
    announces = [
        await each.first_to_announce(model, day)
        for model, day in (("a", DAY), ("b", DAY), ("a", DAY + dt.timedelta(days=1)))
        for each in (one, two, one)
    ]
    # A repeated question, as after a lost answer, has the same answer.
    assert announces == [True, False, True] * 3
    assert await redis.ttl(Keys("test").retirement_notice("a", DAY)) > 24 * 3600


async def test_models_are_in_use_for_a_week_after_the_last_time_wherever_that_was(redis: Redis) -> None:
    one, two = coordination(redis, "one"), coordination(redis, "two")
    await one.note_models([], NOW_S)
    assert await two.models_in_use(NOW_S) == frozenset()
    await one.note_models(["a", "b"], NOW_S)
    await two.note_models(["b"], NOW_S + 100)
    assert await one.models_in_use(NOW_S + 100) == {"a", "b"}
    assert await one.models_in_use(NOW_S + MODEL_IN_USE_S + 50) == {"b"}
    await one.note_models(["c"], NOW_S + MODEL_IN_USE_S + 50)
    assert await redis.zcard(Keys("test").models) == 2
    assert await redis.ttl(Keys("test").models) > 0
