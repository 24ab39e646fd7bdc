"""What is fetched for quotes, from a local Discord: messages, links as far as the rule allows, and rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bot.conversation.clock import Clock
from bot.conversation.message import Quoted, Room
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing, RoomContent
from bot.gateway.connection import calls
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.quote_source import ROOM_PAGES, QuoteSource
from bot.gateway.conversion import reading
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord import wire
from bot.retry import Schedule
from tests.gateway.conftest import Post

EVERYTHING = 1 << 62
"""An id that is later than every message."""


@dataclass
class Scene:
    """A thread to ask in, and what else there is in its server."""

    post: Post
    source: QuoteSource

    @property
    def guild(self) -> Any:
        return next(iter(self.post.discord.world.guilds.values()))

    @property
    def me(self) -> int:
        assert self.post.client.user is not None
        return self.post.client.user.id

    def know(self) -> None:
        """Have discord.py know the server as it is now, as GUILD_CREATE would."""
        data = wire.guild_create(self.post.discord.world, self.guild, self.me)
        self.post.client._connection._add_guild_from_data(data)  # type: ignore[arg-type]

    def channel(self, kind: str = "text", **denied: int) -> Any:
        """A channel that denies a permission to everyone."""
        channel = self.post.discord.add_channel(self.guild, "other", kind=kind)
        for target, bit in denied.items():
            who = {"everyone": self.guild.id, "ann": self.post.ann.id, "bot": self.me}[target]
            self.post.discord.set_overwrite(channel, who, deny=bit)
        return channel

    async def link(self, channel: int, text: str = "secret", *, by: Any = None) -> Link:
        """A link to a new message in a channel."""
        message = await (by or self.post.ann).post(channel, text)
        return Link(self.guild.id, int(channel), int(message["id"]))

    async def linked(self, link: Link, *, here: int | None = None) -> Quoted | Missing:
        """What is fetched for a link that Ann writes into the thread."""
        self.know()
        return await self.source.linked(
            link,
            guild=self.guild.id,
            conversation=here or self.post.thread,
            parent=self.post.channel,
            asker=self.post.ann.id,
        )

    async def room(self, channel: int, count: int = 20, *, before: int = EVERYTHING) -> RoomContent:
        """What is read of a room."""
        self.know()
        content = await self.source.room(Room(channel, before), guild=self.guild.id, count=count)
        assert isinstance(content, RoomContent)
        return content


@pytest.fixture
def scene(post: Post) -> Scene:
    return Scene(post, QuoteSource(post.client, Calls(post.client, Clock())))


def texts(content: RoomContent) -> list[str]:
    return [message.text for message in content.messages]


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


def _owner(scene: Scene) -> Any:
    return scene.post.discord.actor(scene.guild.owner_id)


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
