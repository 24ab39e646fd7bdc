"""Channels other than threads: creating, changing, deleting, direct messages, typing."""

from __future__ import annotations

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import Problems, api_error
from bot.local.simulator.discord.model import Channel, Guild, Json, Overwrite, User
from bot.local.simulator.discord.world import Event, Typing, World

TEXT, DM, VOICE, CATEGORY, NEWS, STAGE, FORUM, MEDIA = 0, 1, 2, 4, 5, 13, 15, 16
OF_POSTS = (FORUM, MEDIA)

KINDS = {
    "text": TEXT,
    "forum": FORUM,
    "media": MEDIA,
    "news": NEWS,
    "voice": VOICE,
    "stage": STAGE,
}


def create(world: World, guild: Guild, name: str, kind: int = TEXT) -> Channel:
    """Add a channel at the end of the server's list."""
    position = sum(each.guild_id == guild.id and each.thread is None for each in world.channels.values())
    channel = Channel(id=world.snowflakes.next(), type=kind, guild_id=guild.id, name=name, position=position)
    world.channels[channel.id] = channel
    _tell(world, "CHANNEL_CREATE", channel)
    return channel


def modify(world: World, channel: Channel, user: User, body: Json) -> None:
    """PATCH of a channel, with MANAGE_CHANNELS."""
    if channel.guild_id is None:
        raise api_error(50003)
    problems = Problems()
    name = body.get("name")
    if name is not None and not 1 <= len(str(name)) <= 100:
        problems.add("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if len(str(body.get("topic") or "")) > (4096 if channel.type in OF_POSTS else 1024):
        problems.add("topic", "BASE_TYPE_MAX_LENGTH", "Must be 1024 or fewer in length.")
    problems.raise_if_any()
    world.require(channel, user.id, bits.MANAGE_CHANNELS)
    if name is not None:
        channel.name = str(name)
    if "topic" in body:
        channel.topic = body["topic"]
    if body.get("nsfw") is not None:
        channel.nsfw = bool(body["nsfw"])
    if body.get("rate_limit_per_user") is not None:
        channel.rate_limit_per_user = int(body["rate_limit_per_user"])
    if body.get("position") is not None:
        channel.position = int(body["position"])
    _tell(world, "CHANNEL_UPDATE", channel)


def add_tag(world: World, forum: Channel, name: str) -> int:
    """Add a tag to a forum, and return its id."""
    tag_id = world.snowflakes.next()
    tag: Json = {"id": str(tag_id), "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
    forum.available_tags = [*forum.available_tags, tag]
    _tell(world, "CHANNEL_UPDATE", forum)
    return tag_id


def overwrite(world: World, channel: Channel, target_id: int, kind: int, allow: int, deny: int) -> None:
    """Allow and deny a role (kind 0) or a member (kind 1) something in a channel."""
    channel.overwrites[target_id] = Overwrite(id=target_id, type=kind, allow=allow, deny=deny)
    _tell(world, "CHANNEL_UPDATE", channel)


def remove(world: World, channel: Channel) -> None:
    """Delete a channel with its threads and messages."""
    payload = wire.channel(world, channel)
    only = world.viewers(channel)
    for each in [channel, *world.threads_of(channel.id)]:
        for message in world.history(each.id):
            world.remove(message)
        del world.channels[each.id]
    world.emit(Event("CHANNEL_DELETE", payload, channel.guild_id, channel.id, only, intents.GUILDS))


def open_dm(world: World, one: int, other: int) -> Channel:
    """The direct message channel of two users, created at the first call."""
    for channel in world.channels.values():
        if channel.type == DM and set(channel.recipients) == {one, other}:
            return channel
    channel = Channel(id=world.snowflakes.next(), type=DM, recipients=[one, other])
    world.channels[channel.id] = channel
    return channel


def type_in(world: World, channel: Channel, user_id: int) -> None:
    """Show somebody as typing, for ten seconds or until they post."""
    if channel.guild_id is not None:
        sending = bits.SEND_MESSAGES_IN_THREADS if channel.thread else bits.SEND_MESSAGES
        world.require(channel, user_id, sending)
    now = world.clock()
    typing = world.typing.get((channel.id, user_id))
    if typing is None or not world.is_typing(channel.id, user_id):
        typing = world.typing[(channel.id, user_id)] = Typing(now, now)
    typing.last = now
    data: Json = {"channel_id": str(channel.id), "user_id": str(user_id), "timestamp": int(now)}
    if channel.guild_id is not None:
        data["guild_id"] = str(channel.guild_id)
        member = world.guilds[channel.guild_id].members.get(user_id)
        if member is not None:
            data["member"] = wire.member(world, member)
    intent = intents.needed(intents.GUILD_MESSAGE_TYPING, in_guild=channel.guild_id is not None)
    world.emit(Event("TYPING_START", data, channel.guild_id, channel.id, intent=intent))


def _tell(world: World, name: str, channel: Channel) -> None:
    """Emit to users who see the channel; the others get the obfuscated channel."""
    seeing = world.viewers(channel)
    others = frozenset(world.guilds[channel.guild_id or 0].members) - seeing
    for only, data in ((seeing, wire.channel(world, channel)), (others, wire.hidden_channel(channel))):
        world.emit(Event(name, data, channel.guild_id, channel.id, only, intents.GUILDS))
