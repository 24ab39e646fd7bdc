"""The answer mode in forums, media and announcement channels."""

from __future__ import annotations

import discord
import pytest

from bot.commands.answer_view import NO_THREADS, chosen, without_effect
from bot.conversation import wording
from bot.conversation.answer_mode import AnswerMode
from bot.conversation.intake import Policy
from bot.conversation.scope import Scope
from tests.e2e.answer_scene import answered_next, asked_about, choose
from tests.e2e.controls import answer
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_in_a_forum_each_new_post_is_answered_from_its_first_message_on(world: World) -> None:
    forum = world.channel("forum")
    old = int((await world.ann.create_post(forum, "Old", "which loom?"))["id"])
    await choose(world, old, "always", "channel")
    await world.ben.post(old, "any, really")
    post = int((await world.ben.create_post(forum, "New", "which yarn?"))["id"])
    await world.answered(post)
    assert "which yarn?" in str(world.asked[-1].body["messages"])
    await world.settled(await world.ben.post(post, "and which colour?"))
    await world.ben.post(post, f"<@{world.ann.id}> you there?")
    await answered_next(world, post)
    assert not asked_about(world, "you there?")
    assert world.said(old) == []
    await answered_next(world, old)


async def test_a_new_post_of_a_media_channel_is_answered_as_one_of_a_forum(world: World) -> None:
    media = world.channel("media")
    old = int((await world.ann.create_post(media, "Old", "a picture"))["id"])
    said = await choose(world, old, "always", "channel")
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind=discord.ChannelType.media)
    post = int((await world.ben.create_post(media, "New", "which yarn is this?"))["id"])
    await world.answered(post)
    assert world.said(old) == []


@pytest.mark.parametrize("kind", ["voice", "stage"])
async def test_where_no_thread_can_be_always_is_not_set_and_the_person_told_what_to_do(
    world: World, kind: str
) -> None:
    channel = world.channel(kind)
    said = await choose(world, channel, "always")
    assert said == without_effect(NO_THREADS)
    elsewhere = await world.admin.command(
        world.channel(), "answer set", {"mode": "always", "channel": channel}
    )
    assert await answer(elsewhere) == said
    assert "`mention` is in force here, the default" in await answer(
        await world.ann.command(channel, "answer show")
    )
    assert NO_THREADS in await answer(await world.ann.command(channel, "answer show"))
    await world.ann.post(channel, "nobody is meant")
    await world.ben.post(channel, f"{world.mention} hello?")
    (notice,) = await world.noticed(channel)
    assert notice["content"] == wording.small(wording.NO_THREADS_HERE)


async def test_always_opens_threads_in_an_announcement_channel(world: World) -> None:
    channel = world.channel("news")
    said = await choose(world, channel, "always")
    assert said == chosen(AnswerMode.ALWAYS, Scope.CHANNEL, Policy(), kind=discord.ChannelType.news)
    message = await world.ann.post(channel, "the loom is here")
    await world.answered(await world.thread_of(message))
