"""The messages of a room before the conversation."""

from __future__ import annotations

from bot.conversation.message import Quoted, Room
from bot.conversation.quoting import Missing, RoomContent
from bot.gateway.connection.quote_source import ROOM_PAGES
from bot.gateway.conversion import reading
from bot.local.simulator.discord import permissions as bits
from tests.gateway.connection.quote_scene import EVERYTHING, Scene, scene

__all__ = ["scene"]


def texts(content: RoomContent) -> list[str]:
    return [message.text for message in content.messages]


async def test_the_room_of_a_thread_has_its_title_its_starter_and_the_last_messages(scene: Scene) -> None:
    ann, channel = scene.post.ann, scene.post.channel
    starter = await ann.post(channel, "who has a loom?")
    thread = int((await ann.create_thread(channel, "Looms", from_message=starter["id"]))["id"])
    ids = [int((await ann.post(thread, str(number)))["id"]) for number in range(5)]
    content = await scene.room(thread, 3)
    assert (content.title, content.has_more, content.total) == ("Looms", True, 5)
    assert isinstance(content.starter, Quoted)
    assert content.starter.text == "who has a loom?"
    assert texts(content) == ["2", "3", "4"]
    assert texts(await scene.room(thread, 20, before=ids[3])) == ["0", "1", "2"]
    assert (await scene.room(thread, 20, before=thread)).starter is None
    assert texts(await scene.room(thread, 0)) == []


async def test_the_room_of_a_forum_post_has_its_tags_and_its_first_message_once(scene: Scene) -> None:
    forum = scene.channel("forum")
    tag = scene.post.discord.add_tag(forum, "help")
    thread = int((await scene.post.ann.create_post(forum, "Looms", "which loom?", tags=[tag]))["id"])
    await scene.post.ann.post(thread, "a big one")
    content = await scene.room(thread)
    assert (content.title, content.tags, texts(content)) == ("Looms", ("help",), ["a big one"])
    assert isinstance(content.starter, Quoted)
    assert content.starter.text == "which loom?"
    await scene.post.ann.delete(thread, thread)
    assert (await scene.room(thread)).starter is Missing.DELETED


async def test_a_thread_without_a_starter_message_has_none(scene: Scene) -> None:
    content = await scene.room(scene.post.thread)
    assert (content.title, content.starter, content.messages) == ("a thread", None, ())


async def test_the_room_holds_other_bots_webhooks_and_the_bot_itself_but_no_system_messages(
    scene: Scene,
) -> None:
    post = scene.post
    await post.ann.edit_thread(post.thread, name="renamed")
    place = post.discord.world.channels[post.thread]
    post.discord.post_as_webhook(place, "Feed", "a new release")
    await post.client.get_partial_messageable(post.thread).send("here I am")
    webhook, own = (await scene.room(post.thread)).messages
    assert (webhook.text, webhook.by_app, webhook.own) == ("a new release", True, False)
    assert (own.text, own.own) == ("here I am", True)


async def test_the_room_of_a_channel_has_messages_only(scene: Scene) -> None:
    for number in range(3):
        await scene.post.ann.post(scene.post.channel, str(number))
    content = await scene.room(scene.post.channel, 2)
    assert (texts(content), content.has_more, content.title) == (["1", "2"], True, "")


async def test_a_room_with_many_system_messages_is_read_to_the_number_asked_for(scene: Scene) -> None:
    ann, thread = scene.post.ann, scene.post.thread
    await ann.post(thread, "said long ago")
    place = scene.post.discord.world.channels[thread]
    for _ in range(110):
        scene.post.discord.post_as_webhook(place, "Feed", "x")
    for message in scene.post.discord.world.history(thread)[-105:]:
        message.type = 4
    assert len((await scene.room(thread, 6)).messages) == 6


async def test_a_thread_that_may_not_be_read_is_missing(scene: Scene) -> None:
    scene.know()
    scene.post.deny(bits.VIEW_CHANNEL)
    room = Room(scene.post.thread, EVERYTHING)
    found = await scene.source.room(room, guild=scene.guild.id, count=5)
    assert found is Missing.FORBIDDEN


async def test_of_a_room_with_nothing_but_system_messages_some_pages_are_read(scene: Scene) -> None:
    ann, thread = scene.post.ann, scene.post.thread
    await ann.post(thread, "said long ago")
    place = scene.post.discord.world.channels[thread]
    for _ in range(ROOM_PAGES * reading.PAGE):
        scene.post.discord.post_as_webhook(place, "Feed", "x")
    for message in scene.post.discord.world.history(thread)[-ROOM_PAGES * reading.PAGE :]:
        message.type = 4
    content = await scene.room(thread, 6)
    assert (content.messages, content.has_more) == ((), True)
