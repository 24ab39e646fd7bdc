"""The store with all its sides, and a conversation in it."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.elements import render_user
from bot.conversation.message import Message
from bot.conversation.provenance import Provenance
from bot.conversation.turn import Turn
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.conversations import Conversations
from bot.store.journal import Journal
from bot.store.keys import Keys
from bot.store.revisions import Revisions
from bot.store.turn_control import TurnControl
from tests.conversation.builders import message, sent, snowflake, turn

C = snowflake(5)
KEYS = Keys("test")
TTL_S = 1000
LEASE_S = 5.0
RECONCILE_S = 60.0
CHANNEL_FIELDS: dict[str, str | int] = {"guild": 1, "parent": 2, "starter": 3}
ONE, TWO, THREE = (message(text, number=10 + i) for i, text in enumerate(("one", "two", "three")))


class Store(Conversations):
    """The inbox and the journal."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, Keys("test"), ttl_s=TTL_S)
        self.journal = Journal(redis, Keys("test"), ttl_s=TTL_S, lease_s=LEASE_S, reconcile_s=RECONCILE_S)


async def receive(store: Store, *messages: Message) -> list[bool | None]:
    return [await store.receive(C, m, source="event", channel_fields=CHANNEL_FIELDS) for m in messages]


async def claimed(store: Store, owner: str = "me") -> Claim:
    claim = await store.journal.claim(C, owner)
    assert isinstance(claim, Claim)
    return claim


def answered(claim: Claim, reply: str = "answer") -> Turn:
    made = turn(0, reply=reply)
    return Turn(claim.turn_id, sent("q", (reply,)), "answered", made.model, 1, 1, made.usage, 0, "key")


async def expire_lease(redis: Redis) -> None:
    await redis.hset(Keys("test").lease(C), "expires", "0")


async def make_due(redis: Redis) -> None:
    """Let the time have come at which the turns in doubt are to be reconciled."""
    unreconciled = KEYS.reconcile(C)
    for turn_id in await redis.zrange(unreconciled, 0, -1):
        await redis.zadd(unreconciled, {str(turn_id): 1})


async def listed(store: Store, late: Message) -> None:
    await store.receive(C, late, source="listing", channel_fields=CHANNEL_FIELDS)


class RevisedStore(Revisions):
    """The journal, and what changes a turn without a lease."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, KEYS, ttl_s=1000)
        self.redis = redis
        self.control = TurnControl(redis, KEYS, ttl_s=1000)
        self.conversations = Conversations(redis, KEYS, ttl_s=1000)
        self.journal = Journal(redis, KEYS, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)

    async def hear(self, *messages: Message) -> None:
        for one in messages:
            await self.conversations.receive(C, one, source="event", channel_fields={"guild": 1})

    async def claim(self) -> Claim:
        claim = await self.journal.claim(C, "me")
        assert isinstance(claim, Claim)
        return claim

    async def post(self, claim: Claim, *ids: int) -> None:
        for part, id_ in enumerate(ids):
            await self.journal.intend(claim, part, 0)
            await self.journal.posted(claim, part, id_)

    async def commit(self, claim: Claim, reply: str) -> None:
        entry = replace(
            turn(0, user=render_user(claim.batch.messages), reply=reply),
            id=claim.turn_id,
            members=tuple(each.id for each in claim.batch.messages),
            authors=tuple(each.asker or 0 for each in claim.batch.messages),
            provenance=tuple(map(Provenance.of, claim.batch.messages)),
        )
        await self.journal.commit(claim, entry, Result(reply), window_start=0)

    async def answer(self, *messages: Message, reply: str = "answer", posted: int = 77) -> Claim:
        await self.hear(*messages)
        claim = await self.claim()
        await self.post(claim, posted)
        await self.commit(claim, reply)
        await self.journal.acknowledge(claim, reconcile=False, buttons=posted)
        return claim

    async def history(self) -> list[Turn]:
        await self.hear(message("what is left?", number=99))
        return [*(await self.claim()).history]
