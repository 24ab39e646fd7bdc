"""What is set for a scope, who set it, and what the version before wrote."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.errors import SettingsFull
from bot.conversation.model import Choice
from bot.conversation.scope import Scope
from bot.store.audit_log import AuditLog
from bot.store.keys import Keys
from bot.store.scope_settings import MOST_VERSIONS, Cap, ScopeSettings

TTL_S, AUDIT_S = 1000, 5000
THREAD, CHANNEL, SERVER = 1, 2, 3
ANN = Actor(home=SERVER, person=70, interaction=900)
KEYS = Keys("test")
ALL = {"thread": THREAD, "channel": CHANNEL, "server": SERVER}


@pytest.fixture
def stored(redis: Redis) -> ScopeSettings:
    return ScopeSettings(redis, KEYS, ttl_s=TTL_S, audit_s=AUDIT_S)


@pytest.fixture
def audit(redis: Redis) -> AuditLog:
    return AuditLog(redis, KEYS, audit_s=AUDIT_S)


async def test_of_each_setting_the_narrowest_scope_counts(stored: ScopeSettings) -> None:
    await stored.change(ANN, Scope.SERVER, SERVER, {"system": "Server rules.", "model": "a", "effort": "max"})
    await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"model": "b", "thinking": "off"})
    await stored.change(ANN, Scope.THREAD, THREAD, {"system": "Thread rules."})
    assert await stored.effective(**ALL) == Choice("Thread rules.", "b", "max", "off")
    by_scope = await stored.choices(thread=None, channel=CHANNEL, server=SERVER)
    assert list(by_scope) == [Scope.CHANNEL, Scope.SERVER]
    assert by_scope[Scope.SERVER] == Choice("Server rules.", "a", "max")


async def test_direct_messages_have_a_home_of_their_own(stored: ScopeSettings) -> None:
    await stored.change(Actor(THREAD, 70, 900), Scope.THREAD, THREAD, {"model": "a"})
    assert await stored.effective(thread=THREAD, channel=None, server=None) == Choice(model="a")
    assert await stored.effective(**ALL) == Choice()


@pytest.mark.single_server
async def test_everything_that_applies_takes_one_round_trip(redis: Redis, stored: ScopeSettings) -> None:
    await stored.effective(**ALL)
    await redis.config_resetstat()
    await stored.effective(**ALL)
    stats = await redis.info("commandstats")
    assert {name: stats[f"cmdstat_{name}"]["calls"] for name in ("hgetall", "hmget")} == {
        "hgetall": 3,
        "hmget": 2,
    }


async def test_a_change_says_what_was_set_before_and_leaves_the_other_settings(stored: ScopeSettings) -> None:
    assert await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"model": "a", "effort": "low"}) == {
        "model": "",
        "effort": "",
    }
    assert await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"effort": "high"}) == {"effort": "low"}
    assert await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"model": None}) == {"model": "a"}
    assert await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"model": None}) == {}
    assert await stored.effective(**ALL) == Choice(effort="high")


async def test_a_setting_says_who_set_it_and_when(stored: ScopeSettings) -> None:
    await stored.change(ANN, Scope.SERVER, SERVER, {"model": "a"})
    setting = (await stored.by_scope(**ALL))[Scope.SERVER]["model"]
    assert (setting.value, setting.by) == ("a", 70)
    assert setting.at_ms is not None
    assert setting.at_ms > 1_700_000_000_000


async def test_each_change_is_noted_once_and_a_prompt_by_its_length(
    stored: ScopeSettings, audit: AuditLog
) -> None:
    values = {"system": "Grüße 😀", "model": "a"}
    for _ in range(2):  # the answer of the first call was lost
        await stored.change(ANN, Scope.SERVER, SERVER, values)
    await stored.change(Actor(SERVER, 71, 901), Scope.SERVER, SERVER, {"system": None})
    entries = await audit.latest(SERVER, count=10)
    seen = [
        (entry.person, entry.scope, entry.target, entry.what, entry.before, entry.after) for entry in entries
    ]
    assert seen == [
        (71, Scope.SERVER, SERVER, "system", "7", ""),
        (70, Scope.SERVER, SERVER, "model", "", "a"),
        (70, Scope.SERVER, SERVER, "system", "", "7"),
    ]
    assert await audit.latest(SERVER, count=10, before=entries[1].id) == entries[2:]


async def test_a_change_that_changes_nothing_keeps_no_version(stored: ScopeSettings, audit: AuditLog) -> None:
    for interaction in (900, 901):
        await stored.change(
            Actor(SERVER, 70, interaction), Scope.CHANNEL, CHANNEL, {"system": "Be kind.", "model": None}
        )
    assert len(await stored.versions(SERVER, CHANNEL, count=10)) == 1
    assert [entry.what for entry in await audit.latest(SERVER, count=10)] == ["system"]


async def test_earlier_prompts_are_kept_up_to_a_limit(stored: ScopeSettings) -> None:
    for number in range(MOST_VERSIONS + 5):
        await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"system": f"Prompt {number}."})
    await stored.change(ANN, Scope.CHANNEL, CHANNEL, {"system": None})
    versions = await stored.versions(SERVER, CHANNEL, count=100)
    assert len(versions) == MOST_VERSIONS + 1, "the oldest one that is shown differs from one more"
    assert [(version.text, version.person) for version in versions[:2]] == [
        ("", 70),
        (f"Prompt {MOST_VERSIONS + 4}.", 70),
    ]


async def test_settings_of_a_thread_live_from_turn_to_turn_and_wider_ones_for_good(
    redis: Redis, stored: ScopeSettings
) -> None:
    for scope, target in ((Scope.THREAD, THREAD), (Scope.SERVER, SERVER)):
        await stored.change(ANN, scope, target, {"system": "Be kind."})
    key = KEYS.scope(SERVER, THREAD)
    assert 0 < await redis.ttl(key) <= TTL_S
    assert 0 < await redis.ttl(KEYS.versions(SERVER, THREAD)) <= TTL_S
    await redis.expire(key, 5)
    await stored.effective(**ALL)
    assert await redis.ttl(key) > 5
    assert await redis.ttl(KEYS.scope(SERVER, SERVER)) == -1
    assert 0 < await redis.ttl(KEYS.audit(SERVER)) <= AUDIT_S


async def test_values_of_another_version_count_as_not_set(redis: Redis, stored: ScopeSettings) -> None:
    await redis.hset(KEYS.scope(SERVER, SERVER), mapping={"effort": "utmost", "thinking": "maybe"})
    assert await stored.effective(**ALL) == Choice()


async def test_what_the_version_before_wrote_applies_until_it_is_changed(
    redis: Redis, stored: ScopeSettings
) -> None:
    await redis.hset(KEYS.legacy_scope(SERVER), mapping={"system": "Old.", "model": "a"})
    assert await stored.effective(**ALL) == Choice("Old.", "a")
    assert await stored.change(ANN, Scope.SERVER, SERVER, {"system": None}) == {"system": "Old."}
    assert await stored.effective(**ALL) == Choice(model="a")
    assert await redis.exists(KEYS.legacy_scope(SERVER)) == 0


async def test_an_act_that_changes_no_setting_is_noted_once(audit: AuditLog) -> None:
    assert await audit.note(ANN, Scope.THREAD, THREAD, "reset", before="4")
    assert not await audit.note(ANN, Scope.THREAD, THREAD, "reset", before="0")
    (entry,) = await audit.latest(SERVER, count=10)
    assert (entry.what, entry.before, entry.after, entry.person) == ("reset", "4", "", 70)


async def test_the_first_change_keeps_the_prompt_of_a_version_that_kept_none(
    redis: Redis, stored: ScopeSettings
) -> None:
    await redis.hset(KEYS.legacy_scope(SERVER), mapping={"system": "Old."})
    await stored.change(ANN, Scope.SERVER, SERVER, {"system": "New."})
    versions = await stored.versions(SERVER, SERVER, count=10)
    assert [(version.text, version.person) for version in versions] == [("New.", 70), ("Old.", 0)]


async def test_the_earlier_prompts_of_a_thread_live_as_long_as_its_settings(
    redis: Redis, stored: ScopeSettings
) -> None:
    await stored.change(ANN, Scope.THREAD, THREAD, {"system": "Be kind."})
    await redis.expire(KEYS.versions(SERVER, THREAD), 5)
    await stored.effective(**ALL)
    assert await redis.ttl(KEYS.versions(SERVER, THREAD)) > 5


async def test_rules_that_are_set_at_once_never_pass_the_most(redis: Redis) -> None:
    two = [ScopeSettings(redis, KEYS, ttl_s=TTL_S, audit_s=AUDIT_S) for _ in range(2)]
    cap = Cap("access:", 3)

    async def allow(stored: ScopeSettings, *people: int) -> bool:
        values = {f"access:person:{person}": "allow" for person in people}
        try:
            await stored.change(ANN, Scope.SERVER, SERVER, values, cap=cap)
        except SettingsFull:
            return False
        return True

    await two[0].change(ANN, Scope.SERVER, SERVER, {"model": "a", "effort": "low"}, cap=cap)
    set_ = await asyncio.gather(*(allow(two[person % 2], person) for person in range(8)))
    assert sum(set_) == 3
    held = (await two[0].by_scope(**ALL))[Scope.SERVER]
    assert sum(name.startswith("access:") for name in held) == 3
    known = next(person for person in range(8) if set_[person])
    assert await allow(two[1], known), "a rule that stands can be changed"
    assert not await allow(two[1], known, 99), "of two rules in one change neither is set"
    assert (await two[0].by_scope(**ALL))[Scope.SERVER].keys() == held.keys()
    await two[0].change(ANN, Scope.SERVER, SERVER, {f"access:person:{known}": None}, cap=cap)
    assert await allow(two[1], 99)
