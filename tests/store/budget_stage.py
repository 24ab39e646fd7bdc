"""Limits, and what is counted for them in the store."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot.conversation.amount import Amount, Unit
from bot.conversation.budget import Limit, Rule, Subject
from bot.conversation.period import Period
from bot.store.budgets import Budgets, Full, Reserved
from bot.store.claim import Claim
from bot.store.keys import Keys
from tests.conversation.builders import message
from tests.store.claims import a_claim

KEYS = Keys("test")
NOW_S = int(time.time())

ONE = {Unit.MESSAGES: 1, Unit.TOKENS: 100, Unit.MONEY: 1000}
NOTHING = {Unit.MESSAGES: 0, Unit.TOKENS: 0, Unit.MONEY: 0}


def limit(most: int, unit: Unit = Unit.TOKENS, counter: str = "server-1", renews_in_s: int = 1000) -> Limit:
    rule = Rule(Subject.SERVER, Amount(most, unit, Period.DAY))
    return Limit(rule, f"{counter}-{unit}", NOW_S + renews_in_s, renews_in_s)


def claim(turn: int = 1, token: int = 5) -> Claim:
    return a_claim(turn, messages=(message("hello", number=turn),), token=token)


RESTORE_S = 0.2


@pytest.fixture
def budgets(redis: Redis) -> Budgets:
    return Budgets(redis, KEYS, instance="me", restore_s=RESTORE_S)


async def reserve(
    budgets: Budgets, *limits: Limit, turn: int = 1, token: int = 5, number: int = 1
) -> Reserved | Full:
    return await budgets.reserve(claim(turn, token), number, limits, ONE)


async def reserved(budgets: Budgets, *limits: Limit, turn: int = 1, token: int = 5) -> Reserved:
    found = await reserve(budgets, *limits, turn=turn, token=token)
    assert isinstance(found, Reserved)
    return found


async def expire_reservations(redis: Redis) -> None:
    """Let the time of all open reservations be over."""
    for member in await redis.zrange(KEYS.reservations, 0, -1):
        await redis.zadd(KEYS.reservations, {str(member): 1})


async def settle_tokens(budgets: Budgets, tokens: Limit, turn: int, amount: int = 100) -> None:
    await budgets.settle(await reserved(budgets, tokens, turn=turn), {**NOTHING, Unit.TOKENS: amount})
