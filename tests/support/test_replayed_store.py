"""What a replay writes for its bot."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.store.claim import Claim, Later
from bot.support.earlier_turns import EarlierTurns
from bot.support.replayed_store import ReplayedStore
from tests.conversation.builders import turn
from tests.store.stage import KEYS, ONE, TWO, C, Store, claimed, receive


async def test_a_conversation_that_is_remembered_is_claimed_as_one_that_was_held(redis: Redis) -> None:
    store, replayed = Store(redis), ReplayedStore(redis, KEYS)
    await replayed.remember(C, EarlierTurns({1: turn(1), 2: turn(2)}, 2, "key", {"places": "1"}), "other")
    await receive(store, ONE)
    claim = await claimed(store)
    assert [each.id for each in claim.history] == [turn(2).id]
    assert [each.id for each in claim.recalled] == [turn(1).id]
    assert claim.meta.window_start == 2
    assert await replayed.prefix_key(C) == "other"


async def test_no_turn_begins_before_all_messages_wait(redis: Redis) -> None:
    store, replayed = Store(redis), ReplayedStore(redis, KEYS)
    await replayed.hold(C)
    await receive(store, ONE)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    async with redis.pubsub() as wakeups:
        await wakeups.subscribe(KEYS.wakeups)
        released = asyncio.create_task(replayed.release(C, 2))
        await receive(store, TWO)
        await released
        heard = [await wakeups.get_message(timeout=5.0) for _ in range(2)]
    assert heard[-1] is not None
    assert str(heard[-1]["data"]) == str(C)
    claim = await store.journal.claim(C, "me")
    assert isinstance(claim, Claim)
    assert claim.batch.members == (ONE.id, TWO.id)
