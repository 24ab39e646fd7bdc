"""Usage: each request counts once, where and for whom it was made, for as long as usage is kept."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools

import pytest
from redis.asyncio import Redis

from bot.conversation.identity import Identity
from bot.conversation.request_cost import Payer
from bot.conversation.usage import NOBODY, Counts, Place, TurnUsage, UsageRow, total
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.examined import KeptUsage
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from bot.store.removed_places import RemovedPlaces
from bot.store.revisions import Revisions
from bot.store.scope_settings import ScopeSettings
from bot.store.usage import Usage
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.store.stage import KEYS, C, Store, answered, claimed, expire_lease, receive

DAY = dt.date(2027, 1, 15)
SERVER, CHANNEL = 1, 2
USAGE_S = 10 * 24 * 3600
USED = Counts(1, 2, 30, 400, 50, 6, 70, 0)
PLACE = Place(CHANNEL, C)

_numbers = itertools.count(10)


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
def usage(redis: Redis) -> Usage:
    return Usage(redis, KEYS, usage_s=USAGE_S)


def used(day: dt.date = DAY, counts: Counts = USED, model: str = "claude-a") -> TurnUsage:
    return TurnUsage(day, {model: counts})


async def commit(store: Store, text: str = "hello", *, usage: TurnUsage) -> None:
    await receive(store, message(text, number=next(_numbers)))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, usage=usage)
    await store.journal.acknowledge(claim, reconcile=False)


async def test_a_turn_counts_once_for_its_person_place_day_and_model_however_often_it_is_stored(
    store: Store, usage: Usage
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    for _ in range(2):
        await store.journal.commit(
            claim, answered(claim), Result("answer"), window_start=0, cost=70, usage=used()
        )
        await store.journal.record_cost(claim, cost=70, unpriced=0, usage=used())
    assert await usage.rows(SERVER, DAY) == (UsageRow(DAY, PLACE, ANN.id, "claude-a", USED),)


async def test_a_turn_that_is_stored_after_its_cost_was_recorded_does_not_count_again(
    store: Store, usage: Usage
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.record_cost(claim, cost=70, unpriced=0, usage=used())
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, usage=used())
    assert total(await usage.rows(SERVER, DAY)) == USED


@pytest.mark.parametrize("late", [False, True])
async def test_the_attempts_of_a_turn_add_up_in_whichever_order_they_tell_of_them(
    store: Store, usage: Usage, redis: Redis, *, late: bool
) -> None:
    await receive(store, message("hello"))
    fenced = await claimed(store, "fenced")
    await expire_lease(redis)
    claim = await claimed(store)
    tell = [
        store.journal.record_cost(fenced, cost=70, unpriced=0, usage=used()),
        store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, usage=used()),
    ]
    for step in reversed(tell) if late else tell:
        await step
    await store.journal.record_cost(fenced, cost=70, unpriced=0, usage=used())
    assert total(await usage.rows(SERVER, DAY)) == USED + USED


async def test_what_a_turn_used_counts_although_its_conversation_was_reset_meanwhile(
    store: Store, usage: Usage
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.reset(C, before=claim.turn_id + 1)
    for _ in range(2):
        await store.journal.record_cost(claim, cost=70, unpriced=0, usage=used())
    assert total(await usage.rows(SERVER, DAY)) == USED
    meta = await store.meta(C)
    assert meta is not None
    assert meta.cost == 0


async def test_models_and_days_count_apart_and_a_period_begins_with_its_first_day(
    store: Store, usage: Usage
) -> None:
    before = DAY - dt.timedelta(days=1)
    await commit(store, "one", usage=used(before))
    await commit(store, "two", usage=used(DAY))
    await commit(store, "three", usage=used(DAY, model="claude-b"))
    await commit(store, "four", usage=used(DAY))
    rows = await usage.rows(SERVER, before)
    assert {(row.day, row.model): row.counts.messages for row in rows} == {
        (before, "claude-a"): 1,
        (DAY, "claude-a"): 2,
        (DAY, "claude-b"): 1,
    }
    assert {row.day for row in await usage.rows(SERVER, DAY)} == {DAY}
    assert await usage.rows(SERVER + 1, before) == ()


async def test_a_private_thread_is_known_as_one(store: Store, usage: Usage) -> None:
    await store.introduce(C, {"private": 1})
    await commit(store, usage=used())
    (row,) = await usage.rows(SERVER, DAY)
    assert row.place == Place(CHANNEL, C, is_private=True)


async def test_direct_messages_have_usage_of_their_own(store: Store, usage: Usage) -> None:
    await store.receive(C, message("hello"), source="event", channel_fields={"starter": ANN.id})
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, usage=used())
    assert await usage.rows(C, DAY) == (UsageRow(DAY, Place(C, C), ANN.id, "claude-a", USED),)


async def write_index(redis: Redis, usage: Usage, payer: Payer, day: dt.date) -> None:
    """Write the index alone, as a crash may leave it."""
    for command in usage.index(payer, day):
        await redis.execute_command(*command)  # type: ignore[no-untyped-call]


async def test_usage_expires_day_by_day_while_the_conversation_goes_on(
    store: Store, usage: Usage, redis: Redis
) -> None:
    payer = Payer(ANN.id, SERVER, CHANNEL, C)
    await write_index(redis, usage, payer, DAY - dt.timedelta(days=11))
    await write_index(redis, usage, payer, DAY)
    assert await redis.zrange(KEYS.usage_index(SERVER), 0, -1) == [f"{C}:20270115"]
    assert USAGE_S <= await redis.ttl(KEYS.usage_index(SERVER)) <= USAGE_S + 24 * 3600
    await commit(store, usage=used(DAY))
    first = await redis.ttl(KEYS.usage(C, DAY))
    await commit(store, "more", usage=used(DAY + dt.timedelta(days=1)))
    assert 0 < await redis.ttl(KEYS.usage(C, DAY)) <= first


async def forget(redis: Redis, person: int, before: int) -> tuple[int, int]:
    """Forget a person; returns how many rows were found, and how many after that."""
    revisions = Revisions(redis, KEYS, ttl_s=1000)
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    who, found = Identity(person, before), []
    for _ in range(2):
        _, names = await PersonSearch(KeyReader(redis, KEYS)).search(who)
        examined = await Examination(redis, KEYS).examine(C, names, who)
        await Erasure(redis, KEYS, revisions, settings).erase(examined, who, first=None)
        found.append(examined.found.usage)
    return found[0], found[1]


async def test_a_forgotten_person_is_named_nowhere_and_the_sums_stay(
    store: Store, usage: Usage, redis: Redis
) -> None:
    await commit(store, "one", usage=used())
    await commit(store, "two", usage=used(model="claude-b"))
    await receive(store, message("by ben", author=BEN, number=next(_numbers)))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, usage=used())
    assert await forget(redis, ANN.id, claim.turn_id) == (2, 0)
    found = {(row.person, row.model): row.counts for row in await usage.rows(SERVER, DAY)}
    assert found == {(NOBODY, "claude-a"): USED, (NOBODY, "claude-b"): USED, (BEN.id, "claude-a"): USED}
    assert await redis.ttl(KEYS.usage(C, DAY)) > 0


async def test_what_a_person_uses_after_being_forgotten_is_found_neither_on_the_same_day(
    store: Store, usage: Usage, redis: Redis
) -> None:
    await commit(store, "one", usage=used())
    before = snowflake(next(_numbers))
    assert await forget(redis, ANN.id, before) == (1, 0)
    await commit(store, "two", usage=used())
    assert await forget(redis, ANN.id, before) == (0, 0)
    found = {row.person: row.counts for row in await usage.rows(SERVER, DAY)}
    assert found == {NOBODY: USED, ANN.id: USED}


async def test_the_usage_of_a_server_goes_when_the_bot_leaves_it_and_stays_when_a_thread_is_deleted(
    store: Store, usage: Usage, redis: Redis
) -> None:
    await commit(store, "one", usage=used())
    places = RemovedPlaces(redis, KEYS)
    assert await places.erase_conversation(C)
    assert total(await usage.rows(SERVER, DAY)) == USED
    await places.erase_server(SERVER + 1)
    assert await redis.exists(KEYS.usage(C, DAY))
    await places.erase_server(SERVER)
    assert not await redis.exists(KEYS.usage(C, DAY))
    assert not await redis.exists(KEYS.usage_index(SERVER))


async def test_a_person_is_told_of_every_row_under_their_name(
    store: Store, usage: Usage, redis: Redis
) -> None:
    await commit(store, "one", usage=used())
    who = Identity(ANN.id, snowflake(next(_numbers)))
    _, names = await PersonSearch(KeyReader(redis, KEYS)).search(who)
    examined = await Examination(redis, KEYS).examine(C, names, who)
    assert examined.kept_usage == (KeptUsage(C, "20270115", "claude-a", USED),)


async def test_a_person_whose_id_begins_that_of_another_takes_nothing_along(
    usage: Usage, redis: Redis
) -> None:
    counts = "1 1 0 0 0 0 0 0 5"
    await redis.hset(KEYS.usage(C, DAY), mapping={"12 a": counts, "123 a": counts})
    assert await forget(redis, 12, 10) == (1, 0)
    assert await redis.hgetall(KEYS.usage(C, DAY)) == {"123 a": counts, "0 a": counts}


async def test_many_turns_at_the_same_time_lose_nothing(redis: Redis, usage: Usage) -> None:
    async def converse(conversation: int) -> None:
        store = Store(redis)
        one = message("hello", number=conversation)
        await store.receive(conversation, one, source="event", channel_fields={"guild": SERVER})
        claim = await store.journal.claim(conversation, "me")
        assert isinstance(claim, Claim)
        await store.journal.commit(claim, None, Result("answer"), window_start=0, usage=used())

    for first in range(100, 700, 30):
        await asyncio.gather(*(converse(conversation) for conversation in range(first, first + 30)))
    assert total(await usage.rows(SERVER, DAY)).messages == 600


async def test_the_index_is_written_before_the_usage(usage: Usage, redis: Redis) -> None:
    await write_index(redis, usage, Payer(ANN.id, SERVER, CHANNEL, C), DAY)
    assert await usage.rows(SERVER, DAY) == ()


async def test_a_private_answer_counts_once_for_each_interaction_and_its_mark_expires(
    redis: Redis, usage: Usage
) -> None:
    payer = Payer(ANN.id, SERVER, CHANNEL, C)
    for interaction in (7, 7, 8):
        await usage.record_aside(payer, interaction, used(), is_private=False)
    assert total(await usage.rows(SERVER, DAY)) == USED + USED
    for interaction in (7, 8):
        assert 0 < await redis.ttl(KEYS.aside(C, interaction)) <= 3600
    await usage.record_aside(payer, 9, TurnUsage(DAY), is_private=False)
    assert not await redis.exists(KEYS.aside(C, 9))


async def test_rows_that_earlier_versions_wrote_with_fewer_counts_go_on(
    store: Store, usage: Usage, redis: Redis
) -> None:
    await commit(store, usage=used())
    key, row = KEYS.usage(C, DAY), f"{ANN.id} claude-a"
    *counts, _searches, turn = str(await redis.hget(key, row)).split()
    await redis.hset(key, row, " ".join((*counts, turn)))
    assert total(await usage.rows(SERVER, DAY)) == USED
    await commit(store, "more", usage=used(counts=Counts(searches=3, input=5)))
    assert total(await usage.rows(SERVER, DAY)) == USED + Counts(searches=3, input=5)
    assert str(await redis.hget(key, row)).split()[-1] == turn
