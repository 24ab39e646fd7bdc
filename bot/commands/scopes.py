"""The scopes that a prompt or a model can be set for: a thread, a channel or a server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast, get_args

import discord
from discord import app_commands

from bot.commands.interactions import Interaction
from bot.conversation.model import Choice
from bot.conversation.placeholders import with_thread
from bot.conversation.scope import Origin, Scope

SCOPE_NAMES = {Scope.THREAD: "this thread", Scope.CHANNEL: "this channel", Scope.SERVER: "this server"}

SCOPE_HELP = "Where it applies; a thread's goes before its channel's, and that before the server's"
"""The description of the option of a command that names a scope."""


class _ScopeNames(app_commands.Transformer):
    """Without it, discord.py would show the names of the enumeration's members, which are in capitals."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._scopes = scopes

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [app_commands.Choice(name=SCOPE_NAMES[scope], value=scope.value) for scope in self._scopes]

    async def transform(self, _: Interaction, value: str) -> Scope:
        return Scope(value)


ScopeOption = app_commands.Transform[Scope, _ScopeNames(tuple(Scope))]
"""The type of the option of a command that names a scope."""

WideScopeOption = app_commands.Transform[Scope, _ScopeNames((Scope.CHANNEL, Scope.SERVER))]
"""The same for what cannot be set for a thread."""


OtherChannel: TypeAlias = (
    discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.StageChannel
)


class UnknownChannel(Exception):
    """A person has named a channel that they cannot see, or that the bot cannot."""


class _Channels(app_commands.Transformer):
    """Without it, discord.py would offer media channels, which Discord's API document does not list for options."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.forum, kinds.voice, kinds.stage_voice]

    async def transform(self, _: Interaction, value: app_commands.AppCommandChannel) -> OtherChannel:
        channel = value.resolve()
        # `value` has the permissions of the person; a client other than Discord's may name any channel.
        if not isinstance(channel, get_args(OtherChannel)) or not value.permissions.view_channel:
            raise UnknownChannel
        return cast("OtherChannel", channel)


ChannelOption = app_commands.Transform[OtherChannel, _Channels()]
"""The type of the option of a command that names another channel."""

CHANNEL_HELP = "Another channel or forum than this one"


def chosen_channel(interaction: Interaction) -> int | None:
    """Return the channel that is chosen while a command is typed: that of the option `channel`, else this one."""
    chosen, here = interaction.namespace.channel, interaction.channel
    if isinstance(chosen, discord.abc.Snowflake):
        return chosen.id
    return here.parent_id if isinstance(here, discord.Thread) else interaction.channel_id


def scope_name(scope: Scope, elsewhere: int | None = None) -> str:
    """Name a scope; `elsewhere` is the channel, where another one than this is meant."""
    return f"<#{elsewhere}>" if scope is Scope.CHANNEL and elsewhere is not None else SCOPE_NAMES[scope]


@dataclass(frozen=True, slots=True)
class ScopeTarget:
    """A scope, and the id of the thread, the channel or the server."""

    scope: Scope
    target: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """The answers where direct messages lack a scope, and where a person is not allowed to change a scope."""

    only_in_servers: str
    may_not: Mapping[Scope, str]


def origin(by_scope: Mapping[Scope, Choice], field: str) -> str:
    """Say where a field of a choice comes from: the narrowest scope that sets it, or the default."""
    scope = next((scope for scope, choice in by_scope.items() if getattr(choice, field) is not None), None)
    return f"set for {SCOPE_NAMES[scope]}" if scope else "the default of this bot"


def set_where(origin: Origin, *, names_person: bool, elsewhere: int | None = None) -> str:
    """Say for what a setting was set and when, and with `names_person` by whom, where that is stored."""
    setting = origin.setting
    by = f" by <@{setting.by}>" if names_person and setting.by else ""
    when = f" <t:{setting.at_ms // 1000}:R>" if setting.at_ms else ""
    return f"set for {scope_name(origin.scope, elsewhere)}{by}{when}"


def for_scope(interaction: Interaction, scope: Scope, prompt: str) -> str:
    """Return a prompt as it is set for a scope: for a thread, with the thread's name in place of `{thread}`."""
    thread = interaction.channel
    return (
        with_thread(prompt, thread.name)
        if scope is Scope.THREAD and isinstance(thread, discord.Thread)
        else prompt
    )
