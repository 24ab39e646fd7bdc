"""Finds the message that /why is about, by link or id, for people who may read its channel."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.commands.interactions import Interaction
from bot.conversation.message_links import Link, message_links
from bot.gateway.conversion import reading

ID_DIGITS = range(15, 21)
"""The possible numbers of digits of a snowflake: ids from Discord's first years are shorter than today's."""


@dataclass(frozen=True, slots=True)
class Target:
    """A message by channel and id; `message` is None if it was deleted, or if the bot may not read it."""

    channel: int
    id: int
    message: discord.Message | None = None


def link_of(text: str, interaction: Interaction) -> Link | None:
    """Parse a link to a message, or the id of a message in this channel."""
    text = text.strip()
    if text.isascii() and text.isdecimal() and len(text) in ID_DIGITS:
        return Link(interaction.guild_id, interaction.channel_id or 0, int(text))
    return next(iter(message_links(text)), None)


async def find(link: Link, interaction: Interaction) -> Target | None:
    """Return a message of this server or these direct messages; None if the person may not read its channel."""
    channel: object = interaction.channel
    if link.guild != interaction.guild_id:
        return None
    if link.channel != interaction.channel_id:
        channel = await _readable(link.channel, interaction)
        if channel is None:
            return None
    elif interaction.guild is not None and not interaction.permissions.read_message_history:
        return None
    return await fetched(link.channel, link.message, channel, interaction)


async def fetched(channel_id: int, message: int, channel: object, interaction: Interaction) -> Target:
    """Fetch a message from Discord; `channel` is discord.py's object of it, if known."""
    client = interaction.client
    if not isinstance(channel, discord.abc.Messageable) or not hasattr(channel, "id"):
        channel = client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    try:
        data = await client.http.get_message(channel_id, message)
        found = reading.message(client, channel, dict(data))  # type: ignore[arg-type]
    except (discord.NotFound, discord.Forbidden, *reading.UNREADABLE):
        found = None
    return Target(channel_id, message, found)


async def _readable(
    channel_id: int, interaction: Interaction
) -> discord.abc.GuildChannel | discord.Thread | None:
    """Return another channel of the server, None unless the person may read it."""
    guild, person = interaction.guild, interaction.user
    if guild is None or not isinstance(person, discord.Member):
        return None
    channel: object = guild.get_channel_or_thread(channel_id)
    try:
        channel = channel or await guild.fetch_channel(channel_id)
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return None
        held = channel.permissions_for(person)
        if not (held.view_channel and held.read_message_history):
            return None
        if isinstance(channel, discord.Thread) and channel.is_private() and not held.manage_threads:
            await channel.fetch_member(person.id)
    except (discord.NotFound, discord.Forbidden, discord.InvalidData, discord.ClientException):
        return None
    return channel
