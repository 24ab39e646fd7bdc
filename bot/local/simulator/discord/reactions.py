"""Reactions to messages (resources/message, "Create Reaction")."""

from __future__ import annotations

import re

from bot.local.simulator.discord import intents, wire
from bot.local.simulator.discord import permissions as bits
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.model import Channel, Json, Message, Reaction
from bot.local.simulator.discord.world import Event, World

_CUSTOM = re.compile(r"^(?:a:)?(\w{2,32}):(\d{1,20})$")
MOST_KINDS = 20


def emoji_of(text: str) -> Json:
    """The emoji of a route: `name:id` for a custom one, else the character itself; 10014 for plain letters."""
    if (custom := _CUSTOM.match(text)) is not None:
        return {"id": custom[2], "name": custom[1]}
    if not text or text.isascii() or len(text) > 32:
        raise api_error(10014)
    return {"id": None, "name": text}


def add(world: World, channel: Channel, message: Message, user_id: int, emoji: Json) -> None:
    """React as a user; an existing reaction is no error and no event."""
    _check_open(channel)
    world.require(channel, user_id, bits.READ_MESSAGE_HISTORY)
    found = _find(message, emoji)
    if found is None:
        world.require(channel, user_id, bits.ADD_REACTIONS)
        if len(message.reactions) >= MOST_KINDS:
            raise api_error(30010)
        found = Reaction(emoji=emoji)
        message.reactions.append(found)
    if user_id not in found.users:
        found.users.append(user_id)
        _tell(world, "MESSAGE_REACTION_ADD", channel, message, user_id, emoji)


def remove(world: World, channel: Channel, message: Message, user_id: int, emoji: Json, by: int) -> None:
    """Remove a reaction: an own one, or any with MANAGE_MESSAGES."""
    _check_open(channel)
    world.require(channel, by, *([bits.MANAGE_MESSAGES] if by != user_id else []))
    found = _find(message, emoji)
    if found is None:
        raise api_error(10014)
    if user_id in found.users:
        found.users.remove(user_id)
        if not found.users:
            message.reactions.remove(found)
        _tell(world, "MESSAGE_REACTION_REMOVE", channel, message, user_id, emoji)


def clear(world: World, channel: Channel, message: Message, by: int, emoji: Json | None = None) -> None:
    """Remove all reactions, or all of one emoji."""
    _check_open(channel)
    world.require(channel, by, bits.MANAGE_MESSAGES)
    data: Json = {"channel_id": str(channel.id), "message_id": str(message.id)}
    if channel.guild_id is not None:
        data["guild_id"] = str(channel.guild_id)
    name = "MESSAGE_REACTION_REMOVE_ALL"
    if emoji is None:
        message.reactions = []
    else:
        message.reactions = [each for each in message.reactions if each.emoji != emoji]
        data["emoji"] = emoji
        name = "MESSAGE_REACTION_REMOVE_EMOJI"
    world.emit(_event(name, data, channel))


def _find(message: Message, emoji: Json) -> Reaction | None:
    return next((each for each in message.reactions if each.emoji == emoji), None)


def _check_open(channel: Channel) -> None:
    if channel.thread is not None and channel.thread.archived:
        raise api_error(50083)


def _tell(world: World, name: str, channel: Channel, message: Message, user_id: int, emoji: Json) -> None:
    data: Json = {
        "user_id": str(user_id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "message_author_id": str(message.author.id),
        "emoji": emoji,
        "burst": False,
        "type": 0,
    }
    if channel.guild_id is not None:
        data["guild_id"] = str(channel.guild_id)
        guild = world.guilds[channel.guild_id]
        if name == "MESSAGE_REACTION_ADD" and user_id in guild.members:
            data["member"] = wire.member(world, guild.members[user_id])
    world.emit(_event(name, data, channel))


def _event(name: str, data: Json, channel: Channel) -> Event:
    intent = intents.needed(intents.GUILD_MESSAGE_REACTIONS, in_guild=channel.guild_id is not None)
    return Event(name, data, channel.guild_id, channel.id, intent=intent)
