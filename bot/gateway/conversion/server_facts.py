"""The facts about a server and its configured channels, from discord.py's objects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import discord

from bot.findings.configured import Purpose
from bot.findings.facts import ChannelFacts, ServerFacts
from bot.gateway import permissions

ANSWERED_IN = (discord.TextChannel, discord.ForumChannel, discord.Thread)
"""The kinds of channels in which threads are opened or answered."""

Channel = discord.abc.GuildChannel | discord.Thread


def server_facts(
    guild: discord.Guild,
    me: discord.Member,
    purposes: Iterable[tuple[int, Purpose]],
    find: Callable[[int], Channel | None],
    tools: Collection[str] = (),
) -> ServerFacts:
    """Return the facts; `find` returns a channel by its id, None if the bot does not see a channel of that id.

    `tools` are the names of those that are switched on there.
    """
    held = me.guild_permissions
    of_tools = tuple(flag for name, flag in permissions.OF_TOOLS.items() if name in tools)
    found = ((find(id_), id_, purpose) for id_, purpose in purposes)
    return ServerFacts(
        id=guild.id,
        name=guild.name,
        lacks=permissions.all_lacking(held, permissions.granted(permissions.INVITE)),
        lacks_for_tools=permissions.all_lacking(held, of_tools),
        is_administrator=held.administrator,
        is_timed_out=me.is_timed_out(),
        channels=tuple(_channel(channel, id_, purpose, me) for channel, id_, purpose in found),
    )


def _channel(channel: Channel | None, id_: int, purpose: Purpose, me: discord.Member) -> ChannelFacts:
    if channel is None:
        return ChannelFacts(id_, f"<#{id_}>", purpose.value, gone=True)
    held = channel.permissions_for(me)
    return ChannelFacts(
        id_, channel.name, purpose.value, permissions.all_lacking(held, _needed(channel, purpose))
    )


def _needed(channel: Channel, purpose: Purpose) -> tuple[str, ...]:
    if purpose is Purpose.NOTIFY:
        return permissions.TO_POST
    if purpose is Purpose.AUDIT:
        return permissions.TO_POST_ONCE
    if isinstance(channel, discord.TextChannel):
        return permissions.TO_ANSWER_FULLY
    if isinstance(channel, ANSWERED_IN):
        return permissions.TO_ANSWER_POSTS_FULLY
    return ("view_channel",)  # people are told there that such a channel has no threads


def may_be_answered(channel: object) -> bool:
    """Whether /answer has an effect in a channel."""
    return isinstance(channel, (discord.TextChannel, discord.ForumChannel))
