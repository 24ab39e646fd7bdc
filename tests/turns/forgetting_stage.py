"""A store with a conversation, and what forgets people there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.identity import Identity
from bot.conversation.message import Mention
from bot.store.erasure import Erasure
from bot.store.examination import Examination
from bot.store.forget_jobs import ForgetJob, ForgetJobs
from bot.store.key_reader import KeyReader
from bot.store.person_search import PersonSearch
from bot.store.scope_settings import ScopeSettings
from bot.store.stored_values import StoredValues
from bot.turns.forgetting import Forgetting
from tests.conversation.builders import ANN, BEN, message, snowflake
from tests.store.stage import KEYS, RevisedStore

WHO = Identity(ANN.id, snowflake(10_000), frozenset({"ann"}), frozenset({"Ann"}))
SECRET = message("a secret", number=30)
OF_BEN = message("hello", author=BEN, number=31)
BOT = Mention(500, "Bobbin")


@dataclass
class Woken:
    conversations: list[int] = field(default_factory=list)

    def signal(self, conversation: int) -> None:
        self.conversations.append(conversation)

    async def publish(self, conversation: int) -> None:
        self.conversations.append(conversation)


@dataclass
class Bench:
    redis: Redis
    store: RevisedStore
    forgetting: Forgetting
    woken: Woken
    told: list[str]
    tell: Callable[[int, str], Awaitable[bool]]
    takes_messages: bool = True

    async def forget(self, who: Identity = WHO) -> ForgetJob:
        await self.forgetting.begin(who)
        job = await self.forgetting.run(ANN.id)
        assert job is not None
        return job

    async def holds(self, word: str = "secret") -> list[str]:
        found = []
        async for key in self.redis.scan_iter(match="test:*"):
            kind = await self.redis.type(key)
            reader = {
                "hash": self.redis.hgetall,
                "list": lambda each: self.redis.lrange(each, 0, -1),
                "string": self.redis.get,
            }
            if kind in reader and word in str(await reader[kind](key)):
                found.append(str(key))
        return found


@pytest.fixture
def bench(redis: Redis) -> Bench:
    store, woken, told = RevisedStore(redis), Woken(), list[str]()
    made: Bench

    async def tell(_person: int, text: str) -> bool:
        if made.takes_messages:
            told.append(text)
        return made.takes_messages

    made = Bench(redis, store, cast("Any", None), woken, told, tell)
    made.forgetting = forgetting_of(made)
    return made


def forgetting_of(bench: Bench) -> Forgetting:
    """One instance's."""
    redis = bench.redis
    return Forgetting(
        ForgetJobs(redis, KEYS),
        PersonSearch(KeyReader(redis, KEYS)),
        Examination(redis, KEYS),
        StoredValues(redis, KEYS),
        Erasure(redis, KEYS, bench.store, ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)),
        cast("Any", bench.woken),
        cast("Any", bench.woken),
        bench.tell,
        secret=b"secret",
        recall_s=0.0,
        own_names=lambda: frozenset({BOT.name}),
    )
