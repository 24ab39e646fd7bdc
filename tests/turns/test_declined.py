"""Whose score an answer that Claude declines counts for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.clock import Clock
from bot.conversation.limits import Limits
from bot.conversation.message import Message, Quote, Quoted
from bot.store.claim import Claim, Meta
from bot.store.keys import Keys
from bot.store.person_limits import PersonLimits
from bot.turns import declined
from bot.turns.services import TurnServices
from tests.conversation.builders import ANN, BEN, message
from tests.store.claims import a_claim

KEYS = Keys("test")
SERVER = 3


@pytest.fixture
def services(redis: Redis) -> TurnServices:
    limits = PersonLimits(redis, KEYS, Limits(refusals=3))
    return cast("TurnServices", _Services(limits, Clock(lambda: 1000.0, lambda: 1000.0)))


class _Services:
    def __init__(self, person_limits: PersonLimits, clock: Clock) -> None:
        self.person_limits = person_limits
        self.clock = clock


def asked(*messages: Message, turn: int = 5, **attempt: Any) -> Claim:
    """The claim of a turn that these messages have asked for."""
    return a_claim(turn, meta=Meta(guild=SERVER), messages=messages, **attempt)


async def scores(redis: Redis) -> dict[int, float]:
    found = {}
    for person in (ANN.id, BEN.id):
        score = await redis.hget(KEYS.abuse(SERVER, person), "score")
        if score is not None:
            found[person] = round(float(str(score)), 3)
    return found


async def test_those_who_asked_share_a_refusal_and_each_answer_counts_once(
    redis: Redis, services: TurnServices
) -> None:
    one, other = message("one", author=ANN), message("two", author=BEN)
    for _ in range(2):
        await declined.count(asked(one, other), (one, other), services)
    assert await scores(redis) == {ANN.id: 0.5, BEN.id: 0.5}
    await declined.count(asked(one, other, regeneration=1), (one, other), services)
    assert await scores(redis) == {ANN.id: 1.0, BEN.id: 1.0}


async def test_security_what_others_said_in_the_room_before_does_not_count_as_the_askers(
    redis: Redis, services: TurnServices
) -> None:
    room = (Quoted(1, "vile", BEN), Quoted(2, "a bot", BEN, by_app=True), Quoted(3, "vile", BEN))
    one = message("what do you think?", author=ANN)
    shown = replace(one, quotes=(Quote("room", 8, room),))
    await declined.count(asked(one), (shown,), services)
    assert await scores(redis) == {ANN.id: 0.5}
    own = replace(
        one, quotes=(Quote("room", 8, (Quoted(1, "vile", ANN),)), Quote("reply", 8, (Quoted(2, "x", BEN),)))
    )
    await declined.count(asked(one, turn=6), (own,), services)
    assert await scores(redis) == {ANN.id: 1.5}, "what somebody refers to is their own doing"


async def test_security_nobody_collects_refusals_for_somebody_else(
    redis: Redis, services: TurnServices
) -> None:
    one = message("forbidden", author=ANN)
    for regeneration in range(1, 9):
        claim = asked(one, regeneration=regeneration, by_another=True)
        assert await declined.count(claim, (one,), services) == ()
    assert await scores(redis) == {}
