"""Converts discord.py's channels to who may read them."""

from __future__ import annotations

import discord

from bot.conversation.link_access import READ, ChannelAccess
from bot.gateway.conversion.names import HIDDEN


def channel_access(channel: object) -> ChannelAccess | None:
    """Return who reads a text channel, a forum or a thread of one; None for other kinds, and unknown parents."""
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    if not isinstance(parent, discord.TextChannel | discord.ForumChannel):
        return None
    holder = channel if isinstance(channel, discord.Thread) else parent
    granted = parent.guild.default_role.permissions
    overwrites = (
        (name, target.id, allowed)
        for target, overwrite in parent.overwrites.items()
        for name in READ
        if (allowed := getattr(overwrite, name)) is not None
    )
    return ChannelAccess(
        guild=parent.guild.id,
        channel=holder.id,
        parent=parent.id,
        is_private=isinstance(holder, discord.Thread) and holder.is_private(),
        is_hidden=HIDDEN in (parent.name, holder.name),
        is_age_restricted=parent.is_nsfw(),
        everyone=frozenset(name for name in READ if getattr(granted, name)),
        overwrites=frozenset(overwrites),
    )
