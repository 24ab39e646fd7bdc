"""Fetches what an event or a listed message leaves out: its channel, and the permissions of its author."""

from __future__ import annotations

import contextlib

import discord
import structlog

from bot.gateway.conversion import reading
from bot.gateway.events.members import Members

log = structlog.get_logger()


async def channel_of(message: discord.Message) -> object | None:
    """Return the channel of a message; fetches a thread that is not in discord.py's cache, as after a gap."""
    guild, channel = message.guild, message.channel
    if guild is None or not isinstance(channel, discord.PartialMessageable):
        return channel
    if (cached := guild.get_channel_or_thread(channel.id)) is not None:
        return cached
    try:
        return await guild.fetch_channel(channel.id)
    except reading.NOT_READ as error:
        log.warning("channel_unknown", channel=channel.id, kind=type(error).__name__)
        return None


async def author_permissions(message: discord.Message, members: Members) -> discord.Permissions | None:
    """Return the permissions of the author in the channel, as if all were granted where they cannot be told.

    None if the author has left the server. For a webhook these are the permissions of everybody.
    """
    author, channel = message.author, message.channel
    if (
        message.webhook_id is not None
        and message.guild is not None
        and isinstance(channel, discord.TextChannel)
    ):
        return channel.permissions_for(message.guild.default_role)
    if not isinstance(author, discord.Member) and message.guild is not None:
        # A listed message does not hold the author's roles; another server than Discord's may lack the route.
        with contextlib.suppress(discord.NotFound):
            member = await members.find(message, author.id)
            if member is None:
                return None
            author = member
    if not isinstance(author, discord.Member) or not isinstance(channel, discord.TextChannel):
        return discord.Permissions.all()
    return channel.permissions_for(author)
