"""How often a bot looks at what another one is working on."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from redis.asyncio import Redis

from bot.store.attention import Attention
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.turns.dispatch import Dispatcher
from bot.turns.run import Runner
from tests.conversation.builders import message, snowflake

C = snowflake(5)
LEASE_S = 0.1
TIME_S = 0.4


class Counting(Journal):
    """Counts how often it was asked for a lease."""

    claims = 0

    async def claim(self, conversation: int, owner: str) -> Any:
        self.claims += 1
        return await super().claim(conversation, owner)


async def renewing(journal: Journal, held: Any) -> None:
    for _ in range(16):
        await journal.renew(held)
        await asyncio.sleep(TIME_S / 16)


async def test_looking_at_what_somebody_else_holds_does_not_become_more_and_more(redis_url: str) -> None:
    redis: Redis = Redis.from_url(redis_url, decode_responses=True)
    await redis.flushall()
    keys = Keys("test")
    await Conversations(redis, keys, ttl_s=100).receive(C, message("hello"), source="event", facts={})
    other = Journal(redis, keys, ttl_s=100, lease_s=LEASE_S, settle_s=1)
    held = await other.claim(C, "other")
    journal = Counting(redis, keys, ttl_s=100, lease_s=LEASE_S, settle_s=1)
    dispatcher = Dispatcher(journal, Attention(redis, keys), cast("Runner", None), poll_s=0.01)
    watching = asyncio.create_task(dispatcher.watch())
    await renewing(other, held)
    watching.cancel()
    looked = journal.claims
    await renewing(other, held)
    looks = journal.claims - looked
    await dispatcher.stop(1)
    await redis.aclose()
    assert 1 <= looks <= 1 + TIME_S / LEASE_S
