"""What is known of messages that got no ordinary answer."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot.conversation.decision import Cause, Decision
from bot.conversation.intake import Reason
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.conversation.scope import Origin, Scope, Setting
from bot.store.decisions import MOST_DECISIONS, Decisions
from bot.store.key_lifetimes import DONE_RECORD_S
from bot.store.keys import Keys

KEYS = Keys("test")
CHANNEL = 5


def written(seconds_ago: float, number: int = 0) -> int:
    """The id of a message."""
    return ((round((time.time() - seconds_ago) * 1000) - DISCORD_EPOCH_MS) << 22) + number


@pytest.fixture
def decisions(redis: Redis) -> Decisions:
    return Decisions(redis, KEYS)


async def test_a_decision_is_known_by_its_message_with_where_the_rule_was_set(decisions: Decisions) -> None:
    one, two, three = (written(5, number) for number in range(3))
    origin = Origin(Scope.CHANNEL, Setting("never", 70, 1_700_000_000_000))
    ruled = Decision(Reason.FOR_SOMEBODY_ELSE, 17, origin=origin)
    lacking = Decision(Cause.MAY_NOT_OPEN, 18, "Create Public Threads")
    await decisions.note(CHANNEL, [one], ruled)
    await decisions.note(CHANNEL, [two], lacking)
    assert await decisions.of(CHANNEL, [one, two, three]) == {one: ruled, two: lacking}
    assert await decisions.of(CHANNEL + 1, [one]) == {}
    assert await decisions.of(CHANNEL, []) == {}


async def test_the_latest_decision_about_a_message_counts(decisions: Decisions) -> None:
    message = written(5)
    for at_ms in (1, 2, 2):
        await decisions.note(CHANNEL, [message], Decision(Cause.GIVEN_UP, at_ms, "5"))
    assert await decisions.of(CHANNEL, [message]) == {message: Decision(Cause.GIVEN_UP, 2, "5")}


async def test_that_another_message_is_answered_in_its_place_stays(decisions: Decisions) -> None:
    original, other = written(5, 1), written(5, 2)
    proxied, gone = Decision(Cause.PROXIED, 1, str(other)), Decision(Cause.GONE, 2)
    await decisions.note(CHANNEL, [original], proxied)
    await decisions.note(CHANNEL, [original, other], gone)
    assert await decisions.of(CHANNEL, [original, other]) == {original: proxied, other: gone}


async def test_decisions_expire_with_the_records_of_messages(redis: Redis, decisions: Decisions) -> None:
    old, new = written(DONE_RECORD_S + 5), written(DONE_RECORD_S - 60)
    await decisions.note(CHANNEL, [old, new], Decision(Cause.TOO_OLD, 1))
    assert set(await decisions.of(CHANNEL, [old, new])) == {new}
    assert 0 < await redis.ttl(KEYS.decisions(CHANNEL)) <= DONE_RECORD_S


async def test_of_many_decisions_those_about_the_newest_messages_are_kept(
    redis: Redis, decisions: Decisions
) -> None:
    messages = [written(60, number) for number in range(MOST_DECISIONS + 20)]
    await decisions.note(CHANNEL, messages[10:], Decision(Cause.TOO_OLD, 1))
    await decisions.note(CHANNEL, messages[:10], Decision(Cause.TOO_OLD, 1))
    assert set(await decisions.of(CHANNEL, messages)) == set(messages[20:])
    assert await redis.hlen(KEYS.decisions(CHANNEL)) == MOST_DECISIONS


async def test_a_decision_of_another_version_is_unknown(redis: Redis, decisions: Decisions) -> None:
    message = written(5)
    await redis.hset(KEYS.decisions(CHANNEL), str(message), '{"why": 1}')
    assert await decisions.of(CHANNEL, [message]) == {}
