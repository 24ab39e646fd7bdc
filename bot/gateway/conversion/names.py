"""Replaces ids in a text by names that every reader of the channel may know."""

from __future__ import annotations

import re

import discord

from bot.conversation.code_spans import code_spans
from bot.conversation.message import Mention
from bot.conversation.visible import plain

_MENTION = re.compile(r"<(?:@!?(?P<user>\d+)|@&(?P<role>\d+)|#(?P<channel>\d+)|a?:(?P<emoji>\w+):\d+)>")

HIDDEN = "___hidden___"
"""The name of a channel that the bot itself may not see (Discord, channel obfuscation, since 16 November 2026)."""

UNNAMED_CHANNEL = "#channel"

_Overwrites = frozenset[tuple[int, bool | None]]


def display_name(user: discord.User | discord.Member) -> str:
    """Return the global display name, or else the username."""
    return plain(user.global_name or "") or user.name


def names_of(user: discord.abc.User | None) -> frozenset[str]:
    """Return the names by which texts mention a user, see `replace_ids`."""
    return frozenset() if user is None else frozenset({plain(user.global_name or ""), user.name}) - {""}


def place_names(guild: discord.Guild | None, channel: object) -> dict[str, str]:
    """Return the names of a server and a channel, as fields of a conversation; a hidden channel is left out."""
    if guild is None:
        return {}
    found = {"server_name": guild.name, "channel_name": getattr(channel, "name", "")}
    return {field: name for field, name in found.items() if name and name != HIDDEN}


def replace_ids(message: discord.Message, content: str) -> str:
    """Return a text of a message with names in place of ids, as Discord shows it; code stays unchanged."""
    return Naming(message).replace_ids(content)


class Naming:
    """Replaces the ids in the texts of one message, and keeps whom they mention.

    A message names the users whom it mentions. discord.py drops those of a forward, so other users are looked up
    among the cached members of the message's server: the bot itself, at least.
    """

    def __init__(self, message: discord.Message) -> None:
        self._names = {user.id: display_name(user) for user in message.mentions}
        self._guild = message.guild
        self._here = message.channel
        self._mentions: dict[int, Mention] = {}

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """Whom the texts so far mention, without users who are not known."""
        return tuple(self._mentions.values())

    def replace_ids(self, content: str) -> str:
        """Return a text with names in place of ids."""
        parts: list[str] = []
        at = 0
        for start, end in code_spans(content):
            parts += [_MENTION.sub(self._name, content[at:start]), content[start:end]]
            at = end
        return "".join([*parts, _MENTION.sub(self._name, content[at:])])

    def _name(self, match: re.Match[str]) -> str:
        guild = self._guild
        if match["user"]:
            return f"@{self._name_of(int(match['user'])) or 'somebody'}"
        if match["emoji"]:
            return f":{match['emoji']}:"
        if match["role"]:
            role = guild.get_role(int(match["role"])) if guild else None
            return f"@{plain(role.name) if role else 'a role'}"
        channel = guild.get_channel_or_thread(int(match["channel"])) if guild else None
        if channel is None or not _may_be_named(channel, self._here):
            return UNNAMED_CHANNEL
        return f"#{plain(channel.name)}"

    def _name_of(self, user: int) -> str:
        name = self._names.get(user, "")
        if not name and self._guild and (member := self._guild.get_member(user)):
            name = display_name(member)
        if name:
            self._mentions[user] = Mention(user, name)
        return name


def _may_be_named(channel: discord.abc.GuildChannel | discord.Thread, here: object) -> bool:
    """Whether every reader of this channel (`here`) sees the other one.

    Decided by overwrites alone, since a listed message does not hold the roles of its author: no overwrite denies
    View Channel, or both channels have the same overwrites for View Channel.
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
        home.id == parent.id or _view_overwrites(home) == _view_overwrites(parent)
    ):
        return True
    is_public = parent.permissions_for(parent.guild.default_role).view_channel
    return is_public and all(allowed is not False for _, allowed in _view_overwrites(parent))


def _view_overwrites(channel: discord.abc.GuildChannel) -> _Overwrites:
    overwrites = ((target.id, overwrite.view_channel) for target, overwrite in channel.overwrites.items())
    return frozenset((target, allowed) for target, allowed in overwrites if allowed is not None)
