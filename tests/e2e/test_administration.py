"""What administrators set in unusual places, and what people try against it."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
import pytest

from bot.commands.access_rules import ONLY_WITH_A_RULE, OTHERS_MAY_TOO, RULES_MAX
from bot.commands.access_rules import REFUSALS as ACCESS_REFUSALS
from bot.commands.answer_view import REFUSALS, chosen, cleared, in_vain
from bot.commands.audit import posting
from bot.commands.invocation import CHANNEL_AND_SCOPE
from bot.commands.modal import TRUNCATED
from bot.commands.presets import NO_NAME, saved
from bot.conversation import wording
from bot.conversation.answer_mode import AnswerMode
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope
from bot.local.simulator.discord import permissions as bits
from tests.e2e.answer_scene import choose, threads
from tests.e2e.controls import answer, press
from tests.e2e.test_audit import shown
from tests.e2e.test_commands import set_prompt
from tests.e2e.test_prompts import save
from tests.e2e.world import World
from tests.redis_proxy import RedisProxy

pytestmark = pytest.mark.asyncio(loop_scope="session")


# Another channel than that of the command


async def test_a_forum_without_posts_is_chosen_from_another_channel(world: World) -> None:
    channel, forum = world.channel(), world.channel("forum")
    options = {"mode": "always", "channel": forum}
    said = await answer(await world.admin.command(channel, "answer set", options))
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), forum, discord.ChannelType.forum)
    assert f"<#{forum}>" in said
    told = await answer(await world.admin.command(channel, "answer show", {"channel": forum}))
    assert told.startswith(f"`always` is in force in <#{forum}>, set for <#{forum}> by <@{world.admin.id}>")
    here = await answer(await world.admin.command(channel, "answer show"))
    assert here.startswith("`mention` is in force here, the default.")
    post = await world.ann.create_post(forum, "Which loom?", "I have two.")
    await world.answered(int(post["id"]))
    removed = await answer(await world.admin.command(channel, "answer clear", {"channel": forum}))
    assert removed == cleared(Scope.CHANNEL, was_set=True, elsewhere=forum)


async def test_another_channel_is_for_those_who_manage_the_server_and_is_the_scope(world: World) -> None:
    channel, other = world.channel(), world.channel()
    thread = await world.converse(channel, "hello", world.ann)
    options: dict[str, Any] = {"mode": "never", "channel": other}
    mod = world.person("mod", bits.MANAGE_THREADS)
    for person in (world.ann, mod):
        refused = await answer(await person.command(thread, "answer set", options))
        assert refused == REFUSALS.may_not[Scope.CHANNEL]
        ruled = {"person": world.ben.id, "channel": other}
        assert (
            await answer(await person.command(thread, "access block", ruled))
            == (ACCESS_REFUSALS.may_not[Scope.CHANNEL])
        )
    for scope in ("thread", "server"):
        both = await answer(await world.admin.command(thread, "answer set", {**options, "scope": scope}))
        assert both == CHANNEL_AND_SCOPE
    ruled = {"person": world.ben.id, "channel": other, "scope": "server"}
    assert await answer(await world.admin.command(thread, "access block", ruled)) == CHANNEL_AND_SCOPE
    del ruled["scope"]
    blocked = await answer(await world.admin.command(thread, "access block", ruled))
    assert blocked == f"From the next message on, <@{world.ben.id}> is blocked in <#{other}>."
    about = await answer(await world.ben.command(channel, "access show", {"channel": other}))
    assert about.startswith(f"You may not use me in <#{other}>: a rule blocks")
    await world.converse(channel, "here", world.ben)


async def test_what_a_rule_for_a_role_leaves_to_everybody_else_is_told(world: World) -> None:
    channel = world.channel()
    members = world.role("Members", world.ann)
    said = await answer(await world.admin.command(channel, "access allow", {"role": members}))
    assert said.endswith(OTHERS_MAY_TOO)
    said = await answer(await world.admin.command(channel, "access block", {"role": world.guild.id}))
    assert said.endswith(ONLY_WITH_A_RULE)
    said = await answer(await world.admin.command(channel, "access allow", {"role": members}))
    assert OTHERS_MAY_TOO not in said


# Places


async def test_always_answers_each_message_of_an_announcement_channel(world: World) -> None:
    channel = world.channel("news")
    await choose(world, channel, "always")
    await world.answered(await world.thread_of(await world.ann.post(channel, "version 2 is out")))


async def test_always_of_a_channel_leaves_its_private_threads_alone(world: World) -> None:
    channel = world.channel()
    await choose(world, channel, "always")
    thread = int((await world.ann.create_thread(channel, "Between us", private=True))["id"])
    await world.ann.post(thread, "a secret")
    await world.answered(await world.thread_of(await world.ann.post(channel, "hello")))
    assert world.said(thread) == []
    assert "a secret" not in str([call.body for call in world.asked])


async def test_in_a_voice_channel_always_opens_nothing_and_says_nothing(world: World) -> None:
    channel, text = world.channel("voice"), world.channel()
    await choose(world, channel, "always")
    await world.ann.post(channel, "can you hear me?")
    await world.converse(text, "the next")
    assert world.said(channel) == []
    assert threads(world, channel) == []


async def test_the_channel_of_the_log_may_be_deleted(world: World) -> None:
    async with world.apart() as own:
        channel, log = own.channel(), own.channel()
        await answer(await own.admin.command(channel, "audit channel", {"channel": log}))
        await own.until(lambda: own.said(log))
        await own.admin.delete_channel(log)
        await choose(own, channel, "quiet")
        assert len(await shown(own.admin, channel)) == 2
        handle = await own.admin.command(channel, "audit show")
        await handle.response()
        assert posting(log, "", is_known=False) in (await handle.message())["content"]
        another = own.channel()
        await answer(await own.admin.command(channel, "audit channel", {"channel": another}))
        await own.until(lambda: own.said(another))


@pytest.mark.parametrize(
    ("bit", "permission"),
    [
        (bits.CREATE_PUBLIC_THREADS, "Create Public Threads"),
        (bits.SEND_MESSAGES_IN_THREADS, "Send Messages in Threads"),
    ],
)
async def test_always_without_a_permission_of_the_bot_is_told_at_the_choice_and_once_in_the_channel(
    world: World, bit: int, permission: str
) -> None:
    channel = world.channel()
    world.deny(channel, bit)
    assert (await choose(world, channel, "always")).endswith(in_vain(permission))
    assert in_vain(permission) not in await choose(world, channel, "quiet")
    await choose(world, channel, "always")
    requests = len(world.asked)
    tried = [await world.ann.post(channel, f"try {number}") for number in range(3)]
    await world.converse(world.channel(), "hello")
    await world.until(lambda: world.said(channel))
    notice = wording.small(wording.missing_permission(permission, where="in a thread"))
    assert [each["content"] for each in world.said(channel)] == [notice]
    assert len(world.asked) == requests + 1
    why = await answer(await world.ann.command(channel, "why", {"message": tried[1]["id"]}))
    assert f"because I lack the permission “{permission}”" in why


# Long and odd values


async def test_a_prompt_as_long_as_can_be_with_names_filled_in_is_shown_and_changed(world: World) -> None:
    async with world.apart() as own:
        thread = await own.converse(own.channel(), "how do looms work, and who made the first of them?")
        await set_prompt(own.ann, thread, "{thread}" * 500)
        for command in ("system show", "system history", "settings show"):
            handle = await own.ann.command(thread, command)
            await handle.response()
            assert (await handle.message())["ephemeral"], command
        opened = await own.ann.command(thread, "system set")
        modal = (await opened.response()).data
        field = modal["components"][0]
        assert field["description"] == TRUNCATED
        assert len(field["component"]["value"]) == 4000
        await own.settled(await own.ann.post(thread, "go on"))


NAMES = (
    "@everyone",
    "<@1> **x** `y`",
    "bobbin:preset:x",
    "a:b:c",
    "{channel}",
    "..",
    "👩‍👩‍👧 family",
    "\u202eevil",
    "0",
)


async def test_the_names_of_presets_may_look_like_anything(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello", own.ann)
        for name in NAMES:
            assert (await save(own.admin, channel, name, f"Prompt {name}")).startswith("The preset `"), name
            offered = await own.ann.autocomplete(thread, "system preset use", {"name": f" {name} "}, "name")
            assert offered, name
            used = await own.ann.command(thread, "system preset use", {"name": offered[0]["value"]})
            assert "is now the preset `" in await answer(used), name
        listing = await own.ann.command(thread, "system preset list")
        await listing.response()
        assert len((await listing.message())["embeds"][0]["description"].splitlines()) == len(NAMES)
        handle = await own.admin.command(channel, "system preset save", {"name": "\u200b\u202e"})
        assert await answer(handle) == NO_NAME
        assert saved("x", replaced=False)


@pytest.mark.parametrize("typed", ["", " ", "'", "*" * 100, "\\", "%s", "\u202e", "🧵", "[", "ACCESS"])
async def test_odd_input_is_completed_without_an_error(world: World, typed: str) -> None:
    channel = world.channel()
    offered = await world.admin.autocomplete(channel, "audit show", {"what": typed}, "what")
    assert bool(offered) == (typed in ("", " ", "\u202e", "ACCESS"))
    handle = await world.admin.command(channel, "audit show", {"what": typed[:39] or "x"})
    await handle.response()
    assert (await handle.message())["ephemeral"]
    assert not world.bots[0].log("interaction_failed")


async def test_rules_set_at_once_are_all_kept_and_all_shown(world: World) -> None:
    async with world.apart(bots=2) as own:
        channel = own.channel()
        people = [own.person("p") for _ in range(RULES_MAX - 1)]
        await asyncio.gather(
            *(own.admin.command(channel, "access block", {"person": each.id}) for each in people)
        )
        await own.until(lambda: sum(len(bot.log("access_rule_set")) for bot in own.bots) == len(people))
        handle = await own.admin.command(channel, "access show")
        await handle.response()
        await own.until(lambda: len(handle.followups) == 2)
        text = str(handle.followups)
        assert all(f"<@{each.id}>" in text for each in people)


# Crashes and refusals


async def test_the_buttons_of_the_history_work_after_a_crash(world: World) -> None:
    async with world.apart() as own:
        channel = own.channel()
        thread = await own.converse(channel, "hello", own.ann)
        await set_prompt(own.ann, thread, "one")
        await set_prompt(own.ann, thread, "two")
        handle = await own.ann.command(thread, "system history")
        await handle.response()
        message = await handle.message()
        await own.bots.pop().kill()
        await own.start_bot()
        await press(own.ann, thread, message, "Go back to the one before")
        await own.until(lambda: own.bots[0].log("prompt_restored"))
        await own.settled(await own.ann.post(thread, "go on"))
        assert "one" in str(own.asked[-1].body["system"])


async def test_a_store_that_is_away_is_told_by_each_command(flaky: tuple[World, RedisProxy, int]) -> None:
    own, proxy, thread = flaky
    proxy.leave()
    for command, options in (
        ("answer show", {}),
        ("answer set", {"mode": "quiet"}),
        ("access show", {}),
        ("access block", {"person": own.ben.id}),
        ("audit show", {}),
        ("export", {}),
        ("system preset list", {}),
        ("settings show", {}),
    ):
        handle = await own.admin.command(thread, command, options)
        assert await answer(handle) == wording.STORE_DOWN, command


async def test_a_role_that_is_taken_away_counts_at_the_next_message(world: World) -> None:
    channel = world.channel()
    members = world.role("Members", world.ben)
    await answer(await world.admin.command(channel, "access block", {"role": world.guild.id}))
    await answer(await world.admin.command(channel, "access allow", {"role": members}))
    await answer(await world.admin.command(channel, "access allow", {"person": world.ann.id}))
    thread = await world.converse(channel, "as a member", world.ben)
    world.guild.members[world.ben.id].role_ids.remove(members)
    world.discord.commit()
    requests = len(world.asked)
    await world.ben.post(thread, "am I still one?")
    await world.settled(await world.ann.post(thread, "and on"))
    assert len(world.asked) == requests + 1
    assert "still one" not in str(world.asked[-1].body)
