"""Who may set rules, who sees them, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.commands import admission
from bot.commands.access_rules import OTHERS, REFUSALS, RULES_MAX, TOO_MANY, WHOM
from bot.commands.access_view import cleared, no_rules
from bot.conversation import reply_wording
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.access_scene import block, ignored, rule
from tests.e2e.controls import anew, answer, press, streaming, told
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_asks_claude_is_refused_to_blocked_people_kindly(world: World) -> None:
    channel = world.channel()
    world.claude.say("The old answer.")
    thread = await world.converse(channel, "what is a loom?", world.ben)
    await world.settled(thread)
    await block(world, channel, world.ben)
    requests = len(world.asked)
    pressed = await press(world.ben, thread, world.replies(thread)[0], "Regenerate")
    assert await told(pressed, world) == admission.BLOCKED
    for command in ("retry", "continue", "chat"):
        assert await answer(await world.ben.command(thread, command)) == admission.BLOCKED
    reply = world.replies(thread)[0]["id"]
    menu = await world.ben.context_command(thread, "Regenerate", reply)
    assert await answer(menu) == admission.BLOCKED
    assert len(world.asked) == requests
    assert len(world.discord.threads(channel)) == 1
    world.claude.say("The new answer.")
    await press(world.admin, thread, world.replies(thread)[0], "Regenerate")
    await anew(world, thread, "The new answer.")


async def test_a_blocked_person_may_still_stop_the_reply_to_them(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ben)
    gate, message = await streaming(world, thread, ["One ", "two."], "count", world.ben)
    await block(world, channel, world.ben)
    await press(world.ben, thread, world.replies(thread)[-1], "Stop")
    await world.claude.until(lambda: world.asked[-1].finished is not None)
    gate.release()
    await world.settled(message)
    assert world.said(thread)[-1]["content"].endswith(reply_wording.STOPPED)


async def test_security_a_blocked_starter_decides_nothing_for_the_others_in_the_thread(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ben)
    opened = await world.ben.command(thread, "system set")
    assert (await opened.response()).kind == "modal"
    await block(world, channel, world.ben)
    assert await answer(await world.ben.submit(opened, {"prompt": "Obey Ben."})) == admission.BLOCKED
    for command, options in (
        ("system set", {}),
        ("system clear", {}),
        ("system preset use", {"name": "any"}),
        ("model set", {"effort": "low"}),
        ("model clear", {}),
        ("answer set", {"mode": "always"}),
        ("answer clear", {}),
        ("tools set", {"tool": "time_in", "state": "off"}),
    ):
        assert await answer(await world.ben.command(thread, command, options)) == admission.BLOCKED
    assert "Obey Ben." not in await answer(await world.ann.command(thread, "system show"))


async def test_security_who_manages_threads_or_the_server_decides_also_where_a_rule_blocks_them(
    world: World,
) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello", world.ben)
    everyone = world.guild.id
    await rule(world, channel, "block", role=everyone)
    for person in (world.admin, world.person("mod-blocked", bits.MANAGE_THREADS)):
        said = await answer(await person.command(thread, "answer set", {"mode": "quiet"}))
        assert said != admission.BLOCKED
    assert await rule(world, channel, "clear", role=everyone) != admission.BLOCKED


async def test_only_those_who_manage_the_server_set_rules(world: World) -> None:
    channel = world.channel()
    thread = await world.converse(channel, "hello")
    mod = world.person("mod", bits.MANAGE_THREADS)
    for who in (world.ann, mod):
        for verb in ("allow", "block", "clear"):
            for scope in (Scope.CHANNEL, Scope.SERVER):
                said = await rule(world, thread, verb, who, person=world.ben.id, scope=scope.value)
                assert said == REFUSALS.may_not[scope]
    manager = world.person("manager", bits.MANAGE_GUILD)
    assert "is blocked in this channel" in await rule(world, thread, "block", manager, person=world.ben.id)
    await ignored(world, channel, world.ben)


async def test_a_rule_needs_somebody_whom_it_is_for(world: World) -> None:
    assert await rule(world, world.channel(), "block") == WHOM


async def test_everybody_sees_their_own_rule_and_managers_see_all(world: World) -> None:
    channel = world.channel()
    members = world.role("Members", world.ann)
    free = await answer(await world.ben.command(channel, "access show"))
    assert free == "You may use me here: no rule says otherwise."
    await rule(world, channel, "allow", role=members)
    await rule(world, channel, "block", role=world.guild.id)
    await block(world, channel, world.ben)
    own = await answer(await world.ben.command(channel, "access show"))
    assert own.startswith(
        f"You may not use me here: a rule blocks <@{world.ben.id}>, set for this channel <t:"
    )
    assert str(world.admin.id) not in own
    about_ann = await world.ben.command(channel, "access show", {"person": world.ann.id})
    assert (await answer(about_ann)).startswith(OTHERS)
    handle = await world.admin.command(channel, "access show")
    assert "a rule blocks @everyone" in await answer(handle)
    await world.until(lambda: len(handle.followups) >= 2)
    shown = "\n".join(each["content"] for each in handle.followups)
    assert f"Allowed: <@&{members}>" in shown
    assert f"Blocked: <@{world.ben.id}>, @everyone" in shown
    assert "There are no rules for this server." in shown
    about = await answer(await world.admin.command(channel, "access show", {"person": world.ann.id}))
    assert about.startswith(f"<@{world.ann.id}> may use me here: a rule allows <@&{members}>")


async def test_without_a_role_or_a_person_all_rules_of_a_channel_are_removed_and_each_is_noted(
    world: World,
) -> None:
    async with world.apart() as own, Redis.from_url(own.redis_url, decode_responses=True) as redis:
        channel = own.channel()
        await block(own, channel, own.ben)
        await rule(own, channel, "allow", role=own.guild.id)
        assert await rule(own, channel, "clear") == cleared(Scope.CHANNEL, 2)
        assert await rule(own, channel, "clear") == no_rules(Scope.CHANNEL)
        await own.converse(channel, "hello", own.ben)
        noted: Any = await redis.xrange(f"{own.prefix}:{{{own.guild.id}}}:audit")
        ben, everyone = f"access:person:{own.ben.id}", f"access:role:{own.guild.id}"
        seen = [(each["what"], each["before"], each["after"]) for _, each in noted]
        assert seen[:2] == [(ben, "", "block"), (everyone, "", "allow")]
        assert sorted(seen[2:]) == [(ben, "block", ""), (everyone, "allow", "")]


async def test_a_place_has_no_more_rules_than_an_answer_shows(world: World) -> None:
    channel = world.channel()
    async with Redis.from_url(world.redis_url) as redis:
        held: Any = {f"access:person:{number}": "block" for number in range(1, RULES_MAX + 1)}
        await redis.hset(f"bobbin:{{{world.guild.id}}}:set:{channel}", mapping=held)
    assert await rule(world, channel, "block", person=world.ben.id) == TOO_MANY
    handle = await world.admin.command(channel, "access show")
    await answer(handle)
    await world.until(lambda: len(handle.followups) >= 2)
    assert f"<@{RULES_MAX}>" in handle.followups[0]["content"] + handle.followups[1]["content"]


async def test_why_and_the_settings_tell_of_a_rule_and_of_others_only_to_those_who_manage_the_server(
    world: World,
) -> None:
    channel = world.channel()
    await block(world, channel, world.ben)
    message = await world.ben.post(channel, f"{world.mention} hello?")
    await world.converse(channel, "the next")
    why = await answer(await world.ben.command(channel, "why", {"message": message["id"]}))
    assert f"A rule for <@{world.ben.id}> in this channel leaves your messages unanswered" in why
    assert str(world.admin.id) not in why
    settings = await answer(await world.ann.command(channel, "settings show"))
    assert "Who may use me without a rule: **everybody** (default)" in settings
    assert str(world.ben.id) not in settings
    managed = await answer(await world.admin.command(channel, "settings show"))
    assert f"Who may use me: **block <@{world.ben.id}>** (set for the channel" in managed
