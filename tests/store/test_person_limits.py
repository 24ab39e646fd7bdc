"""What one person may have of the bot in a server: counted once for each message, over all instances."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.conversation.abuse_score import FLOOD, REFUSAL, Score, pause_ms
from bot.conversation.limits import Limits, Paused, TooManyThreads
from bot.store.key_lifetimes import ABUSE_S, THREADS_S
from bot.store.keys import Keys
from bot.store.person_limits import PersonLimits
from tests.conversation.builders import snowflake

KEYS = Keys("test")
HOME, ANN, BEN = 7, 70, 71
MINUTE = 60_000
T = 1_800_000_000_000


def limits(redis: Redis, *, threads: int = 2, refusals: float = 3.0) -> PersonLimits:
    return PersonLimits(redis, KEYS, Limits(threads, 0, refusals))


async def opens(store: PersonLimits, number: int, at_ms: int, person: int = ANN) -> object:
    return await store.admit(HOME, person, snowflake(number), at_ms=at_ms, opens_thread=True)


async def test_no_more_threads_open_in_a_minute_than_may_and_the_person_is_told_once(redis: Redis) -> None:
    store = limits(redis)
    assert [await opens(store, number, T + 1000 * number) for number in range(2)] == [None, None]
    assert await opens(store, 2, T + 2000) == TooManyThreads(T + MINUTE, is_first=True)
    assert await opens(store, 3, T + 3000) == TooManyThreads(T + MINUTE)
    assert await opens(store, 4, T + 4000, BEN) is None
    assert await opens(store, 5, T + MINUTE) is None
    assert await opens(store, 6, T + MINUTE + 900) == TooManyThreads(T + MINUTE + 1000)
    assert await opens(store, 7, T + 2 * MINUTE + 2001) is None
    assert 0 < await redis.ttl(KEYS.threads(HOME, ANN)) <= THREADS_S
    assert 0 < await redis.ttl(KEYS.abuse(HOME, ANN)) <= ABUSE_S


async def test_the_limit_holds_over_instances(redis: Redis) -> None:
    one, other = limits(redis, threads=5), limits(redis, threads=5)
    found = await asyncio.gather(*(opens(store, number, T) for number in range(50) for store in (one, other)))
    admitted = [place for place, limited in enumerate(found) if limited is None]
    assert len(admitted) == 10, "five messages, of which each instance has heard"
    assert len({place // 2 for place in admitted}) == 5


async def test_a_repeated_message_gets_the_same_answer_and_counts_nothing(redis: Redis) -> None:
    store = limits(redis)
    for number in (0, 1):
        assert await opens(store, number, T) is None
        assert await opens(store, number, T + 5) is None
    assert await opens(store, 2, T) == TooManyThreads(T + MINUTE, is_first=True)
    score = await redis.hget(KEYS.abuse(HOME, ANN), "score")
    assert float(str(score)) == pytest.approx(FLOOD)
    # A listing brings the message again, when others have left the window.
    assert isinstance(await opens(store, 2, T + MINUTE + 1), TooManyThreads)
    assert await redis.hget(KEYS.abuse(HOME, ANN), "score") == score


async def test_a_listing_counts_messages_with_those_of_their_own_minute(redis: Redis) -> None:
    store = limits(redis)
    for number in range(2):
        assert await opens(store, 10 + number, T + 10 * MINUTE) is None
    found = [await opens(store, number, T + number) for number in range(4)]
    assert [limited is None for limited in found] == [True, True, False, False]


async def test_messages_that_open_no_thread_are_not_counted(redis: Redis) -> None:
    store = limits(redis, threads=1)
    for number in range(50):
        message = snowflake(number)
        assert await store.admit(HOME, ANN, message, at_ms=T, opens_thread=False) is None
    assert await opens(store, 60, T) is None


async def test_without_limits_the_store_is_not_asked(redis: Redis) -> None:
    store = PersonLimits(redis, KEYS, Limits())
    for number in range(20):
        assert await opens(store, number, T) is None
        assert await store.add(HOME, ANN, str(number), REFUSAL, at_ms=T) is None
    assert await redis.keys("*") == []


@pytest.mark.parametrize("steps_ms", [[0, 10, 20, 30], [0, 5 * MINUTE, 7 * MINUTE, 20 * MINUTE, 21 * MINUTE]])
async def test_the_score_in_the_store_is_that_of_the_rules(redis: Redis, steps_ms: list[int]) -> None:
    store = limits(redis)
    score, until_ms = Score(), 0
    for number, step_ms in enumerate(steps_ms):
        pause = await store.add(HOME, ANN, f"e{number}", REFUSAL, at_ms=T + step_ms)
        score = score.plus(REFUSAL, T + step_ms)
        stored = await redis.hget(KEYS.abuse(HOME, ANN), "score")
        assert float(str(stored)) == pytest.approx(score.value)
        # A pause that is under way stays as the person was told of it.
        if until_ms <= T + step_ms and (expected := pause_ms(score.value, 3)):
            until_ms = T + step_ms + expected
        assert (pause is None) == (until_ms == 0)
        if pause is not None:
            assert pause.until_ms == pytest.approx(until_ms, abs=2)


async def test_an_event_counts_once(redis: Redis) -> None:
    store = limits(redis)
    for _ in range(10):
        assert await store.add(HOME, ANN, "5.0", REFUSAL, at_ms=T) is None
    found = [await store.add(HOME, ANN, f"{number}.0", REFUSAL, at_ms=T) for number in (6, 7, 8, 8)]
    assert [pause is None for pause in found] == [True, True, False, False]
    assert found[2] == found[3]


async def test_a_paused_person_gets_nothing_until_the_pause_ends_and_is_told_once(redis: Redis) -> None:
    store = limits(redis)
    for number in range(40):
        await opens(store, number, T)
    pause = await store.pause(HOME, ANN, at_ms=T + 1)
    assert pause is not None
    told = [await opens(store, 100 + number, T + MINUTE) for number in range(3)]
    assert told == [Paused(pause.until_ms)] * 3
    assert isinstance(await store.admit(HOME, ANN, 1, at_ms=T + 5, opens_thread=False), Paused)
    assert await store.admit(HOME, ANN, 1, at_ms=T - 1, opens_thread=False) is None, "from before the pause"
    assert await opens(store, 200, T + MINUTE, BEN) is None
    assert await store.admit(HOME + 1, ANN, 1, at_ms=T + 5, opens_thread=False) is None, "another server"
    assert await opens(store, 201, pause.until_ms) is None
    assert await store.pause(HOME, ANN, at_ms=pause.until_ms) is None


async def test_a_pause_by_a_flood_is_said_with_the_message_that_led_to_it(redis: Redis) -> None:
    store = limits(redis)
    found = [await opens(store, number, T) for number in range(40)]
    assert [limited for limited in found if isinstance(limited, Paused) and limited.is_first] == [
        next(limited for limited in found if isinstance(limited, Paused))
    ]


async def test_a_pause_by_refusals_is_told_by_who_has_added_them(redis: Redis) -> None:
    store = limits(redis)
    found = [await store.add(HOME, ANN, str(number), REFUSAL, at_ms=T) for number in range(4)]
    assert found[3] is not None
    assert await opens(store, 1, T + 1) == Paused(found[3].until_ms)


async def test_a_pause_that_is_lifted_leaves_no_score_behind(redis: Redis) -> None:
    store = limits(redis)
    for number in range(5):
        await store.add(HOME, ANN, str(number), REFUSAL, at_ms=T)
    assert await store.lift(HOME, ANN, at_ms=T + 1)
    assert not await store.lift(HOME, ANN, at_ms=T + 1)
    assert await opens(store, 1, T + 2) is None
    assert await store.add(HOME, ANN, "9", REFUSAL, at_ms=T + 3) is None
