"""Names in place of ids in a text: those that everybody who reads along may know."""

from __future__ import annotations

import re

import discord

from bot.conversation.code_spans import code_spans
from bot.conversation.visible import plain

_MENTION = re.compile(r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|a?:(?P<emoji>\w+):\d+)>")

HIDDEN = "___hidden___"
"""The name of a channel that the bot itself may not see (Discord, channel obfuscation, since 16 November 2026)."""

UNNAMED_CHANNEL = "#channel"

_Rules = frozenset[tuple[int, bool | None]]


def name_of(user: discord.User | discord.Member) -> str:
    """Return the name that a person has chosen for all servers."""
    return plain(user.global_name or "") or user.name


def with_names(message: discord.Message, content: str) -> str:
    """Return a text of a message as people see it; what stands in code stays as it is written."""
    names = {user.id: name_of(user) for user in message.mentions}

    def name(match: re.Match[str]) -> str:
        if match["user"]:
            return f"@{names.get(int(match['user']), 'somebody')}"
        if match["emoji"]:
            return f":{match['emoji']}:"
        guild = message.guild
        if match["role"]:
            role = guild.get_role(int(match["role"])) if guild else None
            return f"@{plain(role.name) if role else 'a role'}"
        channel = guild.get_channel_or_thread(int(match["channel"])) if guild else None
        if channel is None or not _may_be_named(channel, message.channel):
            return UNNAMED_CHANNEL
        return f"#{plain(channel.name)}"

    parts: list[str] = []
    at = 0
    for start, end in code_spans(content):
        parts += [_MENTION.sub(name, content[at:start]), content[start:end]]
        at = end
    return "".join([*parts, _MENTION.sub(name, content[at:])])


def _may_be_named(channel: discord.abc.GuildChannel | discord.Thread, here: object) -> bool:
    """Say whether everybody who reads along here sees the channel.

    That is told by overwrites alone, since a listed message does not tell the roles of its author: nobody is denied
    the view of the channel, or it has the same rules for that as the channel in which people talk.
    """
    if getattr(here, "id", None) == channel.id:
        return channel.name != HIDDEN
    if isinstance(channel, discord.Thread) and channel.is_private():
        return False
    parent: discord.abc.GuildChannel | None
    parent = channel.parent if isinstance(channel, discord.Thread) else channel
    if parent is None or HIDDEN in (parent.name, channel.name):
        return False
    home = here.parent if isinstance(here, discord.Thread) else here
    if isinstance(home, discord.abc.GuildChannel) and (
        home.id == parent.id or _rules(home) == _rules(parent)
    ):
        return True
    seen_by_all = parent.permissions_for(parent.guild.default_role).view_channel
    return seen_by_all and all(allowed is not False for _, allowed in _rules(parent))


def _rules(channel: discord.abc.GuildChannel) -> _Rules:
    told = ((target.id, overwrite.view_channel) for target, overwrite in channel.overwrites.items())
    return frozenset((target, allowed) for target, allowed in told if allowed is not None)
