"""Rules and limits for apps, which are never answered: refused, and those of an earlier version removed."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.commands import apps
from bot.commands.access_view import app_shown, cleared
from bot.conversation.scope import Scope
from bot.local.simulator.discord import guilds
from bot.store.keys import Keys
from tests.e2e.access_scene import rule
from tests.e2e.budget_scene import set_limit
from tests.e2e.controls import answer
from tests.e2e.test_audit import acts
from tests.e2e.test_tools_command import said
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def own_role(world: World) -> int:
    """A role such as Discord gives a bot that joins with permissions."""
    role = guilds.add_role(world.discord.world, world.guild, "Bobbin", 0, bot_id=world.app.user_id)
    world.discord.commit()
    return int(role.id)


@pytest.mark.parametrize("verb", ["allow", "block"])
async def test_a_rule_for_an_app_is_refused_and_nothing_is_changed(world: World, verb: str) -> None:
    async with world.apart() as own:
        channel = own.channel()
        chatty, members = own.another_bot("Chatty"), own.role("Members", own.ann)
        me, role = own.app.user_id, own_role(own)
        assert await rule(own, channel, verb, person=me) == apps.MYSELF
        assert await rule(own, channel, verb, person=chatty.id) == apps.app(chatty.id)
        assert await rule(own, channel, verb, role=role) == apps.role_of_app(role)
        assert await rule(own, channel, verb, role=members, person=me) == apps.MYSELF
        assert await rule(own, channel, verb, role=role, person=own.ben.id) == apps.role_of_app(role)
        assert await acts(own, channel) == []
        assert await rule(own, channel, verb, who=own.ann, person=me) not in (apps.MYSELF, apps.app(me))


async def test_a_role_that_the_bot_and_people_have_can_have_a_rule_and_so_can_everyone(world: World) -> None:
    channel = world.channel()
    shared = world.role("Members", world.ben, world.discord.actor(world.app.user_id))
    assert "is blocked in this channel" in await rule(world, channel, "block", role=shared)
    assert "@everyone is allowed in this channel" in await rule(world, channel, "allow", role=world.guild.id)


async def test_of_an_app_it_is_shown_that_no_rule_has_it_answered(world: World) -> None:
    channel, me = world.channel(), world.app.user_id
    shown = await answer(await world.admin.command(channel, "access show", {"person": me}))
    assert shown == app_shown(me)


async def test_a_rule_for_an_app_that_an_earlier_version_let_be_set_can_be_removed(world: World) -> None:
    channel, me = world.channel(), world.app.user_id
    async with Redis.from_url(world.redis_url) as redis:
        key = Keys(world.prefix).scope(world.guild.id, channel)
        await redis.hset(key, f"access:person:{me}", "block")
    assert await rule(world, channel, "clear", person=me) == cleared(Scope.CHANNEL, 1)


async def test_a_limit_for_an_app_is_refused_and_nothing_is_changed(world: World) -> None:
    async with world.apart() as own:
        channel, me, role = own.channel(), own.app.user_id, own_role(own)
        assert await set_limit(own, channel, "1 USD per day", person=me) == apps.MYSELF
        assert await set_limit(own, channel, "1 USD per day", role=role) == apps.role_of_app(role)
        assert "Set here" not in await answer(await own.admin.command(channel, "budget show"))


async def test_a_tool_is_not_switched_on_for_the_role_of_an_app(world: World) -> None:
    channel, role = world.channel(), own_role(world)
    for state in ("on", "off", "ask"):
        told = await said(
            world.admin, channel, "tools set", tool="time_in", state=state, role=role, scope="channel"
        )
        assert told == apps.role_of_app(role)
    told = await said(
        world.admin, channel, "tools set", tool="time_in", state="default", role=role, scope="channel"
    )
    assert told.startswith("Nothing is set for `time_in`")
