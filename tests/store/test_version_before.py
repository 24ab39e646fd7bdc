"""What an earlier version wrote to Redis in the middle of a turn is read, and the turn is finished: `journal`,
`turn_control` and `revisions` together.

fixtures/version_before.json holds every key of a conversation as that version left it: two turns that are done, a
turn of two messages with one part posted and another about to be, and a tombstone.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.store.claim import Claim, Idle
from bot.store.codec import Result
from bot.store.journal import Done
from bot.store.states import State
from bot.store.turn_control import RegenerateResult, TurnControl
from tests.conversation.builders import message, snowflake
from tests.store.stage import CHANNEL_FIELDS, KEYS, C, Store, answered, make_due

STORED = json.loads((Path(__file__).parent / "fixtures" / "version_before.json").read_text("utf-8"))
LAST, FIRST, SECOND = snowflake(11), snowflake(12), snowflake(13)


@pytest.fixture
async def stored(redis: Redis) -> Redis:
    for key, (kind, value) in STORED.items():
        match kind:
            case "hash":
                await redis.hset(key, mapping=value)
            case "list":
                await redis.rpush(key, *value)
            case "zset":
                await redis.zadd(key, dict(value))
            case _:
                await redis.set(key, value)
    return redis


async def claimed(store: Store) -> Claim:
    claim = await store.journal.claim(C, "new")
    assert isinstance(claim, Claim)
    return claim


async def finished(store: Store) -> Claim:
    """Finish the turn that the earlier version has begun."""
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, cost=5)
    assert (await store.journal.acknowledge(claim, reconcile=False, buttons=73)).waiting == 0
    return claim


async def test_a_turn_that_an_earlier_version_has_begun_is_known_and_finished_once(stored: Redis) -> None:
    store = Store(stored)
    claim = await finished(store)
    assert (claim.turn_id, claim.batch.members) == (FIRST, (FIRST, SECOND))
    assert [each.text for each in claim.batch.messages] == ["more", "and"]
    assert (claim.attempt.state, claim.attempt.number) == (State.POSTING, 2)
    assert (claim.attempt.replies, claim.attempt.unconfirmed) == ({0: 73}, (1,))
    assert claim.attempt.delay_notice == (2, 74)
    assert [entry.id for entry in claim.history] == [snowflake(10), LAST]
    assert await store.journal.acknowledge(claim, reconcile=False, buttons=73) == Done(0)
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.guild, meta.cost, meta.buttons) == (1, 15, 73)
    assert await stored.llen(KEYS.history(C)) == 3


async def test_a_turn_that_an_earlier_version_has_left_in_doubt_is_reconciled(stored: Redis) -> None:
    store = Store(stored)
    await finished(store)
    await make_due(stored)
    claim = await claimed(store)
    assert (claim.reconciling, claim.turn_id, claim.attempt.result) == (
        True,
        LAST,
        Result("answer", ("note",)),
    )
    await store.journal.reconciled(claim)
    assert await store.journal.claim(C, "new") == Idle()


async def test_the_last_turn_is_regenerated_after_an_earlier_version_has_begun_it(stored: Redis) -> None:
    store, control = Store(stored), TurnControl(stored, KEYS, ttl_s=1000)
    assert await control.stop(C) == FIRST
    claim = await finished(store)
    assert claim.attempt.stopped
    assert await control.regenerate(C, LAST, "request") is RegenerateResult.OLD
    assert await control.regenerate(C, FIRST, "request") is RegenerateResult.OK
    again = await claimed(store)
    assert (again.attempt.regeneration, again.attempt.replies, again.attempt.stopped) == (1, {0: 73}, False)


async def test_the_tombstone_of_an_earlier_version_keeps_a_deleted_message_out(stored: Redis) -> None:
    store = Store(stored)
    deleted = replace(message("deleted"), id=5)
    assert await store.receive(C, deleted, source="event", channel_fields=CHANNEL_FIELDS) is False
    assert deleted not in (await claimed(store)).batch.messages
