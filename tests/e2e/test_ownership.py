"""Whose thread it is: who may reset it, set it up, stop the bot there and hand it over, however the thread began."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.commands.answer_view import REFUSALS, cleared
from bot.commands.handover import (
    ALREADY,
    CANNOT_SEE,
    HANDED_OVER,
    MAY_NOT_HAND_OVER,
    MAY_NOT_USE,
    NOT_TO_A_BOT,
)
from bot.commands.leave import MAY_NOT_LEAVE
from bot.commands.reply_controls import MAY_NOT_STOP
from bot.commands.reset import MAY_NOT_RESET
from bot.conversation.scope import Scope
from bot.local.simulator.discord import guilds, threads
from bot.local.simulator.discord import permissions as bits
from tests.e2e.access_scene import rule
from tests.e2e.answer_scene import choose
from tests.e2e.controls import answer, press, streaming, told
from tests.e2e.proxied import PLURALKIT
from tests.e2e.test_commands import reset
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def mentioned(world: World, who: Any) -> int:
    return await world.converse(world.channel(), "hello", who)


async def chatted(world: World, who: Any) -> int:
    said = await answer(await who.command(world.channel(), "chat", {"message": "hello"}))
    thread = int(re.findall(r"/(\d+)\. I answer", said)[0])
    await world.answered(thread)
    return thread


async def private(world: World, who: Any) -> int:
    said = await answer(await who.command(world.channel(), "chat", {"private": True}))
    return int(re.findall(r"<#(\d+)>", said)[0])


async def in_always(world: World, who: Any) -> int:
    channel = world.channel()
    await choose(world, channel, "always")
    thread = await world.thread_of(await who.post(channel, "how do looms work?"))
    await world.answered(thread)
    return thread


async def posted(world: World, who: Any) -> int:
    forum = world.channel("forum")
    old = int((await world.ben.create_post(forum, "Old", "which loom?"))["id"])
    await choose(world, old, "always", "channel")
    post = int((await who.create_post(forum, "New", "which yarn?"))["id"])
    await world.answered(post)
    return post


async def proxied(world: World, who: Any) -> int:
    channel = world.channel()
    original = await who.post(channel, f"L: {world.mention} what is a warp?")
    place = world.discord.world.channels[channel]
    copy = world.discord.post_as_webhook(
        place, "Luna", f"{world.mention} what is a warp?", application_id=PLURALKIT
    )
    world.discord.commit()
    await who.delete(channel, original["id"])
    thread = await world.thread_of(copy)
    await world.answered(thread)
    await world.settled(thread)
    return thread


def invite(world: World, thread: int, by: Any, whom: Any) -> None:
    threads.add(world.discord.world, world.discord.world.channels[thread], whom.id, by.user)
    world.discord.commit()


async def hand(who: Any, thread: int, to: int) -> str:
    return await answer(await who.command(thread, "handover", {"member": to}))


@pytest.mark.parametrize("begin", [mentioned, chatted, private, in_always, posted, proxied])
async def test_whoever_has_begun_a_thread_decides_there_and_others_do_not(
    world: World, begin: Callable[[World, Any], Awaitable[int]]
) -> None:
    starter, other, mod = world.person("sam"), world.person("otto"), world.person("mod", bits.MANAGE_THREADS)
    thread = await begin(world, starter)
    if begin is private:
        invite(world, thread, starter, other)
    assert await answer(await other.command(thread, "answer clear")) == REFUSALS.may_not[Scope.THREAD]
    assert await answer(await other.command(thread, "reset")) == MAY_NOT_RESET
    assert await answer(await other.command(thread, "leave")) == MAY_NOT_LEAVE
    assert await hand(other, thread, other.id) == MAY_NOT_HAND_OVER
    for who in (starter, mod):
        said = await answer(await who.command(thread, "answer clear"))
        assert said == cleared(Scope.THREAD, was_set=False)
    assert await hand(starter, thread, other.id) == HANDED_OVER.format(member=f"<@{other.id}>")
    # The rights go with it, also those of whom Discord calls the owner of the thread.
    assert await answer(await starter.command(thread, "reset")) == MAY_NOT_RESET
    assert await hand(starter, thread, starter.id) == MAY_NOT_HAND_OVER
    assert await answer(await other.command(thread, "answer clear")) == cleared(Scope.THREAD, was_set=False)
    await reset(world, other, thread)
    assert await answer(await starter.command(thread, "reset")) == MAY_NOT_RESET, "not even after a reset"


async def test_who_was_the_starter_stops_no_reply_to_somebody_else_after_a_handover(world: World) -> None:
    starter, heir, asker = world.person("sam"), world.person("ida"), world.person("asker")
    thread = await mentioned(world, starter)
    await hand(starter, thread, heir.id)
    gate, _ = await streaming(world, thread, ["One. ", "Two."], "count", asker)
    assert await told(await press(starter, thread, world.replies(thread)[-1], "Stop"), world) == MAY_NOT_STOP
    assert await answer(await starter.command(thread, "stop")) == MAY_NOT_STOP
    await press(heir, thread, world.replies(thread)[-1], "Stop")
    await world.until(lambda: any("Stopped" in each["content"] for each in world.said(thread)))
    gate.release()


async def test_the_thread_of_a_starter_who_left_is_handed_over_by_moderators_and_stays_so(
    world: World,
) -> None:
    starter, heir, mod = world.person("sam"), world.person("ida"), world.person("mod", bits.MANAGE_THREADS)
    thread = await mentioned(world, starter)
    guilds.leave(world.discord.world, world.guild, starter.user)
    world.discord.commit()
    assert await hand(mod, thread, starter.id) == CANNOT_SEE.format(member=f"<@{starter.id}>")
    assert await hand(heir, thread, heir.id) == MAY_NOT_HAND_OVER
    assert await hand(mod, thread, heir.id) == HANDED_OVER.format(member=f"<@{heir.id}>")
    guilds.join(world.discord.world, world.guild, starter.user)
    world.discord.commit()
    assert await answer(await starter.command(thread, "reset")) == MAY_NOT_RESET


async def test_nobody_gets_a_thread_who_may_not_use_the_bot_and_no_app_gets_one(world: World) -> None:
    starter, heir = world.person("sam"), world.person("ida")
    channel = world.channel()
    thread = await world.converse(channel, "hello", starter)
    loud = world.role("Loud", heir)
    await rule(world, channel, "block", role=loud)
    for who in (starter, world.admin):
        assert await hand(who, thread, heir.id) == MAY_NOT_USE.format(member=f"<@{heir.id}>")
    await rule(world, channel, "allow", person=heir.id)
    chatty = world.another_bot("Chatty")
    for app in (chatty.id, world.app.user_id):
        assert await hand(starter, thread, app) == NOT_TO_A_BOT
    assert await hand(starter, thread, heir.id) == HANDED_OVER.format(member=f"<@{heir.id}>")
    assert await hand(heir, thread, heir.id) == ALREADY.format(member=f"<@{heir.id}>")


async def test_security_who_sees_no_private_thread_is_not_given_it_and_is_let_in_by_invitation(
    world: World,
) -> None:
    starter, heir = world.person("sam"), world.person("ida")
    thread = await private(world, starter)
    assert await hand(starter, thread, heir.id) == CANNOT_SEE.format(member=f"<@{heir.id}>")
    invite(world, thread, starter, heir)
    assert await hand(starter, thread, heir.id) == HANDED_OVER.format(member=f"<@{heir.id}>")


async def test_a_proxied_thread_whose_author_is_unknown_belongs_to_moderators(world: World) -> None:
    channel, other = world.channel(), world.person("otto")
    place = world.discord.world.channels[channel]
    copy = world.discord.post_as_webhook(
        place, "Luna", f"{world.mention} what is a warp?", application_id=PLURALKIT
    )
    world.discord.commit()
    thread = await world.thread_of(copy)
    await world.answered(thread)
    assert await answer(await other.command(thread, "reset")) == MAY_NOT_RESET
    assert await hand(world.admin, thread, other.id) == HANDED_OVER.format(member=f"<@{other.id}>")
