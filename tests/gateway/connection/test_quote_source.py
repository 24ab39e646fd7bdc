"""What is fetched for quotes, from a local Discord: messages, links as far as the rule allows, and rooms."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.message import Quoted
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing
from bot.gateway.connection import calls
from bot.local.simulator.discord import permissions as bits
from bot.retry import Schedule
from tests.gateway.connection.quote_scene import Scene, scene

__all__ = ["scene"]


async def test_a_message_is_fetched_with_its_author(scene: Scene) -> None:
    post = scene.post
    message = await post.ann.post(post.channel, "how do looms work?")
    said = await scene.source.message(None, post.channel, int(message["id"]))
    assert isinstance(said, Quoted)
    assert (said.text, said.by_app, said.own) == ("how do looms work?", False, False)
    assert said.author is not None
    assert said.author.username == "ann"


async def test_a_message_that_is_gone_or_may_not_be_read_is_missing(scene: Scene) -> None:
    post = scene.post
    message = int((await post.ann.post(post.channel, "hello"))["id"])
    post.deny(bits.READ_MESSAGE_HISTORY)
    assert await scene.source.message(None, post.channel, message) is Missing.FORBIDDEN
    post.discord.set_overwrite(post.discord.world.channels[post.channel], scene.me, allow=bits.VIEW_CHANNEL)
    await post.ann.delete(post.channel, message)
    assert await scene.source.message(None, post.channel, message) is Missing.DELETED


async def test_an_outage_and_odd_data_make_a_message_missing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "TRIES", Schedule(0.01, tries=2))
    post = scene.post
    message = int((await post.ann.post(post.channel, "hello"))["id"])
    post.discord.faults.add(action="error", status=503, method="GET", route="/messages/", times=2)
    assert await scene.source.message(None, post.channel, message) is Missing.UNAVAILABLE
    post.discord.faults.add(action="garble", method="GET", route="/messages/", garble=lambda _: {"id": "1"})
    assert await scene.source.message(None, post.channel, message) is Missing.UNAVAILABLE


async def test_a_link_into_a_channel_for_everyone_is_opened(scene: Scene) -> None:
    link = await scene.link(scene.channel().id, "in the open")
    said = await scene.linked(link)
    assert isinstance(said, Quoted)
    assert said.text == "in the open"


async def test_security_a_link_into_the_same_private_channel_is_opened_and_into_another_is_not(
    scene: Scene,
) -> None:
    discord, ann = scene.post.discord, scene.post.ann
    home = discord.world.channels[scene.post.channel]
    other = scene.channel()
    for channel in (home, other):
        discord.set_overwrite(channel, scene.guild.id, deny=bits.VIEW_CHANNEL)
        for person in (ann.id, scene.me):
            discord.set_overwrite(channel, person, allow=bits.VIEW_CHANNEL)
    assert isinstance(await scene.linked(await scene.link(home.id)), Quoted)
    assert isinstance(await scene.linked(await scene.link(other.id)), Quoted)
    ben = discord.add_user("ben", "Ben", scene.guild)
    discord.set_overwrite(home, ben.id, allow=bits.VIEW_CHANNEL)
    assert await scene.linked(await scene.link(other.id)) is Missing.NOT_FOR_ALL


async def test_security_what_not_everybody_reads_is_never_even_fetched(scene: Scene) -> None:
    post, discord = scene.post, scene.post.discord
    link = await scene.link(scene.channel(everyone=bits.VIEW_CHANNEL, ann=0).id, by=_owner(scene))
    for allowed in (scene.me, post.ann.id):
        discord.set_overwrite(discord.world.channels[link.channel], allowed, allow=bits.VIEW_CHANNEL)
    assert await scene.linked(link) is Missing.NOT_FOR_ALL
    assert not [call for call in discord.requests if call.path.endswith(f"/messages/{link.message}")]


async def test_security_what_the_asker_or_the_bot_may_not_read_is_not_opened(scene: Scene) -> None:
    hidden_from_bot = scene.channel(bot=bits.VIEW_CHANNEL)
    assert await scene.linked(await scene.link(hidden_from_bot.id)) is Missing.FORBIDDEN
    without_history = scene.channel()
    link = await scene.link(without_history.id)
    home = scene.post.discord.world.channels[scene.post.channel]
    for channel in (home, without_history):
        scene.post.discord.set_overwrite(channel, scene.post.ann.id, deny=bits.READ_MESSAGE_HISTORY)
    assert await scene.linked(link) is Missing.NOT_FOR_ALL


async def test_security_links_into_private_threads_other_servers_and_adult_channels_are_not_opened(
    scene: Scene,
) -> None:
    ann, discord = scene.post.ann, scene.post.discord
    private = await ann.create_thread(scene.post.channel, "among us", private=True)
    await ann.post(private, f"<@{scene.me}> come in")
    link = await scene.link(int(private["id"]))
    assert await scene.linked(link) is Missing.NOT_FOR_ALL
    assert isinstance(await scene.linked(link, here=int(private["id"])), Quoted)
    adult = scene.channel()
    link = await scene.link(adult.id)
    discord.world.channels[adult.id].nsfw = True
    assert await scene.linked(link) is Missing.AGE_RESTRICTED
    assert await scene.linked(Link(5, adult.id, link.message)) is Missing.ELSEWHERE
    assert await scene.linked(Link(None, adult.id, link.message)) is Missing.ELSEWHERE
    voice = scene.channel("voice")
    assert await scene.linked(await scene.link(voice.id)) is Missing.NOT_FOR_ALL


async def test_a_link_to_an_archived_thread_is_opened_and_to_a_deleted_channel_is_not(scene: Scene) -> None:
    ann = scene.post.ann
    thread = int((await ann.create_thread(scene.post.channel, "old"))["id"])
    link = await scene.link(thread, "long ago")
    await ann.edit_thread(thread, archived=True)
    said = await scene.linked(link)
    assert isinstance(said, Quoted)
    assert said.text == "long ago"
    assert await scene.linked(Link(scene.guild.id, 4711, 4711)) is Missing.DELETED


async def test_in_direct_messages_only_their_own_messages_are_opened(scene: Scene) -> None:
    dm = int((await scene.post.ann.open_dm(scene.me))["id"])
    message = int((await scene.post.ann.post(dm, "hello"))["id"])

    async def linked(link: Link) -> Quoted | Missing:
        return await scene.source.linked(
            link, guild=None, conversation=dm, parent=None, asker=scene.post.ann.id
        )

    assert isinstance(await linked(Link(None, dm, message)), Quoted)
    assert await linked(Link(None, 4711, message)) is Missing.ELSEWHERE
    assert await linked(await scene.link(scene.post.channel)) is Missing.ELSEWHERE


def _owner(scene: Scene) -> Any:
    return scene.post.discord.actor(scene.guild.owner_id)


async def test_security_a_link_that_names_this_server_with_the_channel_of_another_one_is_not_opened(
    scene: Scene,
) -> None:
    post = scene.post
    application = next(iter(post.discord.world.applications.values()))
    other = post.discord.add_guild("Others", bot=application)
    ben = post.discord.add_user("ben", "Ben", guild=other)
    elsewhere = post.discord.add_channel(other, "elsewhere")
    secret = await scene.link(elsewhere.id, by=ben)
    assert secret.guild == scene.guild.id
    assert await scene.linked(secret) is Missing.ELSEWHERE
