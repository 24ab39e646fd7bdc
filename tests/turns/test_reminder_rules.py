"""Who may still be reminded, by the rules of /access, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.access_rules import ALLOW, BLOCK, PERSON, ROLE, AccessDefaults
from bot.conversation.audit import Actor
from bot.conversation.errors import DiscordError, DiscordUnavailable
from bot.conversation.scope import Scope
from bot.store.scope_settings import ScopeSettings
from bot.turns.reminder_rules import ReminderRules
from tests.conversation.test_reminder import reminder
from tests.store.stage import KEYS

WEAVER = 8
REMINDER = reminder()
SERVER, CHANNEL, PERSON_ID = 3, 2, 77


class Scene:
    """The rules of a server, and a member of it."""

    def __init__(self, redis: Redis) -> None:
        self.settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
        self.defaults = AccessDefaults()
        self.roles: frozenset[int] | DiscordError = frozenset({WEAVER})
        self.rules = ReminderRules(self.settings, lambda: self.defaults, self.roles_of)
        self.asked: list[tuple[int, int]] = []

    async def roles_of(self, server: int, person: int) -> frozenset[int]:
        self.asked.append((server, person))
        if isinstance(self.roles, DiscordError):
            raise self.roles
        return self.roles

    async def rule(self, scope: Scope, name: str, value: str) -> None:
        target = SERVER if scope is Scope.SERVER else CHANNEL
        await self.settings.change(Actor(SERVER, 1, 1), scope, target, {name: value})


@pytest.fixture
def scene(redis: Redis) -> Scene:
    return Scene(redis)


@pytest.mark.parametrize("scope", [Scope.CHANNEL, Scope.SERVER])
@pytest.mark.parametrize("name", [f"{PERSON}{PERSON_ID}", f"{ROLE}{WEAVER}", f"{ROLE}{SERVER}"])
async def test_security_whom_a_rule_blocks_is_not_reminded(scene: Scene, scope: Scope, name: str) -> None:
    assert await scene.rules.allow(REMINDER)
    await scene.rule(scope, name, BLOCK)
    assert not await scene.rules.allow(REMINDER)


async def test_discord_is_asked_for_the_roles_only_where_they_decide(scene: Scene) -> None:
    await scene.rule(Scope.SERVER, f"{PERSON}{PERSON_ID}", ALLOW)
    await scene.rule(Scope.SERVER, f"{ROLE}{SERVER}", BLOCK)
    assert await scene.rules.allow(REMINDER)
    assert scene.asked == []
    await scene.rule(Scope.CHANNEL, f"{ROLE}{WEAVER}", BLOCK)
    assert not await scene.rules.allow(REMINDER)
    assert scene.asked == [(SERVER, PERSON_ID)]


async def test_where_the_roles_cannot_be_found_out_nothing_is_decided(scene: Scene) -> None:
    await scene.rule(Scope.SERVER, f"{ROLE}{WEAVER}", BLOCK)
    scene.roles = DiscordUnavailable("down")
    with pytest.raises(DiscordUnavailable):
        await scene.rules.allow(REMINDER)


async def test_security_whom_the_operator_blocks_is_not_reminded_in_direct_messages_either(
    scene: Scene,
) -> None:
    direct = replace(REMINDER, server=None, channel=None)
    assert await scene.rules.allow(direct)
    scene.defaults = AccessDefaults(block=frozenset({PERSON_ID}))
    assert not await scene.rules.allow(direct)
    assert scene.asked == []
