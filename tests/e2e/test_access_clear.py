"""/access clear: one rule among others is removed, also one for a role that was deleted or a person who left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.commands import budget_view
from bot.commands.access_rules import RULES_MAX, TOO_MANY
from bot.commands.access_view import cleared, no_rules
from bot.conversation.scope import Scope
from bot.local.simulator.discord import guilds
from bot.local.simulator.discord import permissions as bits
from tests.e2e.access_scene import rule
from tests.e2e.controls import answer
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def offered(who: Any, place: int, typed: str = "", **options: Any) -> list[dict[str, Any]]:
    """The rules that are offered."""
    return list(await who.autocomplete(place, "access clear", {"rule": typed, **options}, "rule"))


def delete_role(world: World, role: int) -> None:
    guilds.remove_role(world.discord.world, world.guild, world.guild.roles[role])
    world.discord.commit()


def leave(world: World, person: Any) -> None:
    guilds.leave(world.discord.world, world.guild, person.user)
    world.discord.commit()


async def test_a_rule_for_a_deleted_role_and_one_for_who_left_are_offered_and_removed_alone(
    world: World,
) -> None:
    channel, gone = world.channel(), world.person("gone")
    old, members = world.role("Old", world.ben), world.role("Members", world.ben)
    await rule(world, channel, "block", role=old, person=gone.id)
    await rule(world, channel, "allow", role=members, person=world.ann.id)
    delete_role(world, old)
    leave(world, gone)
    shown = await offered(world.admin, channel)
    assert shown[:2] == [
        {"name": f"somebody who left ({gone.id}): blocked", "value": f"person:{gone.id}"},
        {"name": f"a deleted role ({old}): blocked", "value": f"role:{old}"},
    ]
    assert {each["name"] for each in shown[2:]} == {"@Ann: allowed", "@Members: allowed"}
    assert await offered(world.admin, channel, "deleted") == shown[1:2]
    handle = await world.admin.command(channel, "access show")
    await answer(handle)
    await world.until(lambda: len(handle.followups) >= 2)
    assert f"<@&{old}> (deleted)" in str([each["content"] for each in handle.followups])
    for each in shown[:2]:
        said = await rule(world, channel, "clear", rule=each["value"])
        assert said == cleared(Scope.CHANNEL, 1)
        assert await rule(world, channel, "clear", rule=each["value"]) == cleared(Scope.CHANNEL, 0)
    assert len(await offered(world.admin, channel)) == 2
    await world.converse(channel, "the others stand", world.ben)


async def test_without_an_option_all_rules_are_removed_and_without_rules_it_says_so(world: World) -> None:
    channel = world.channel()
    await rule(world, channel, "block", person=world.ben.id)
    assert await rule(world, channel, "clear") == cleared(Scope.CHANNEL, 1)
    assert await rule(world, channel, "clear") == no_rules(Scope.CHANNEL)


async def test_the_rules_of_another_channel_and_of_the_server_are_offered_where_they_are_chosen(
    world: World,
) -> None:
    async with world.apart() as own:
        channel, other = own.channel(), own.channel()
        thread = await own.converse(channel, "hello")
        await rule(own, channel, "block", person=own.ben.id)
        await rule(own, channel, "allow", person=own.ben.id, scope="server")
        for place in (channel, thread):
            assert [each["name"] for each in await offered(own.admin, place)] == ["@Ben: blocked"]
        assert await offered(own.admin, other) == []
        (found,) = await offered(own.admin, other, channel=channel)
        assert found["name"] == "@Ben: blocked"
        assert (await offered(own.admin, other, scope="server"))[0]["name"] == "@Ben: allowed"
        said = await rule(own, other, "clear", channel=channel, rule=found["value"])
        assert said == cleared(Scope.CHANNEL, 1, channel)
        assert await rule(own, other, "clear", scope="server", rule=f"<@{own.ben.id}>") == cleared(
            Scope.SERVER, 1
        )


async def test_security_only_those_who_manage_the_server_are_offered_rules(world: World) -> None:
    channel = world.channel()
    await rule(world, channel, "block", person=world.ben.id)
    for who in (world.ann, world.ben, world.person("mod", bits.MANAGE_THREADS)):
        assert await offered(who, channel) == []


async def test_a_text_that_names_no_rule_removes_none(world: World) -> None:
    channel = world.channel()
    await rule(world, channel, "block", person=world.ben.id)
    for text in ("nobody", "answer", "model", "person", "1"):
        assert await rule(world, channel, "clear", rule=text) == cleared(Scope.CHANNEL, 0)
    assert len(await offered(world.admin, channel)) == 1


async def test_rules_that_are_set_at_once_do_not_pass_the_most(world: World) -> None:
    channel = world.channel()
    people = [world.person(f"p{number}") for number in range(RULES_MAX + 4)]
    said = await asyncio.gather(
        *(rule(world, channel, "allow", person=person.id) for person in people),
    )
    assert said.count(TOO_MANY) == 4
    handle = await world.admin.command(channel, "access show")
    await answer(handle)
    await world.until(lambda: len(handle.followups) >= 2)
    assert str([each["content"] for each in handle.followups]).count("<@") == RULES_MAX


async def test_nothing_is_offered_in_time_while_the_store_is_slow_or_away(
    flaky: tuple[World, RedisProxy, int],
) -> None:
    own, proxy, thread = flaky
    await rule(own, thread, "block", person=own.ben.id)
    try:
        assert len(await offered(own.admin, thread)) == 1
        for delay_s in (0.5, 5.0):
            proxy.delay_s = delay_s
            await offered(own.admin, thread)
        proxy.leave()
        assert await offered(own.admin, thread) == []
    finally:
        proxy.come_back()
        proxy.delay_s = 0.0
        await rule(own, thread, "clear", person=own.ben.id)


async def test_a_limit_for_a_deleted_role_is_offered_and_removed_alone(world: World) -> None:
    async with world.apart() as own:
        channel, old = own.channel(), own.role("Old", own.ben)
        for options in ({"role": old}, {"person": own.ann.id}, {}):
            wanted = {"amount": 5, "unit": "messages", "per": "day", **options}
            await answer(await own.admin.command(channel, "budget set", wanted))
        delete_role(own, old)

        async def limits(who: Any) -> list[dict[str, Any]]:
            return list(await who.autocomplete(channel, "budget clear", {"limit": ""}, "limit"))

        assert await limits(own.ann) == []
        first, *others = await limits(own.admin)
        assert first["name"] == f"a deleted role ({old}): 5 messages per day"
        assert {each["name"] for each in others} == {
            "@Ann: 5 messages per day",
            "all together: 5 messages per day",
        }

        async def clear(**options: Any) -> str:
            return await answer(await own.admin.command(channel, "budget clear", options))

        assert await clear() == budget_view.WHICH_LIMIT
        assert await clear(limit="nothing") == budget_view.limits_cleared(Scope.SERVER, 0)
        assert await clear(limit=first["value"]) == budget_view.limits_cleared(Scope.SERVER, 1)
        assert await limits(own.admin) == others
        assert "is removed" in await clear(unit="messages", per="day")
        assert len(await limits(own.admin)) == 1
