"""The scopes of settings (thread, channel, server), as options of commands and in answers."""

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

DIRECT_MESSAGES = "these direct messages"
"""The name of a conversation in direct messages, whose settings are those of a thread."""

ONLY_IN_SERVERS = "These are direct messages, which have no channel and no server: leave `scope` out."

SCOPE_HELP = "Where it applies; a thread's setting overrides its channel's, and that overrides the server's"
"""The description of an option of the type ScopeOption."""


class _ScopeNames(app_commands.Transformer):
    """Shows the scopes by name: discord.py would show the members of the enumeration, in capitals."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._scopes = scopes

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [app_commands.Choice(name=SCOPE_NAMES[scope], value=scope.value) for scope in self._scopes]

    async def transform(self, _: Interaction, value: str) -> Scope:
        return Scope(value)


ScopeOption = app_commands.Transform[Scope, _ScopeNames(tuple(Scope))]
"""The type of an option that names a scope."""

WideScopeOption = app_commands.Transform[Scope, _ScopeNames((Scope.CHANNEL, Scope.SERVER))]
"""The same for settings that a thread cannot have."""

OtherChannel: TypeAlias = (
    discord.TextChannel | discord.ForumChannel | discord.VoiceChannel | discord.StageChannel
)


class UnknownChannel(Exception):
    """A person has named a channel that they or the bot cannot see."""


class _Channels(app_commands.Transformer):
    """Leaves out media channels: discord.py would offer them, but Discord does not document them for options."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.forum, kinds.voice, kinds.stage_voice]

    async def transform(self, _: Interaction, value: app_commands.AppCommandChannel) -> OtherChannel:
        channel = value.resolve()
        # A client other than Discord's may name any channel. `value` holds the permissions of the person there.
        if not isinstance(channel, get_args(OtherChannel)) or not value.permissions.view_channel:
            raise UnknownChannel
        return cast("OtherChannel", channel)


ChannelOption = app_commands.Transform[OtherChannel, _Channels()]
"""The type of an option that names another channel."""

CHANNEL_HELP = "A channel or forum other than this one"


def chosen_channel(interaction: Interaction) -> int | None:
    """Return the channel of a command that is being typed: that of the option `channel`, else this one."""
    chosen, here = interaction.namespace.channel, interaction.channel
    if isinstance(chosen, discord.abc.Snowflake):
        return chosen.id
    return here.parent_id if isinstance(here, discord.Thread) else interaction.channel_id


def scope_name(scope: Scope, elsewhere: int | None = None, *, is_direct: bool = False) -> str:
    """Name a scope; `elsewhere` is the id of the channel if it is not this one."""
    if is_direct:
        return DIRECT_MESSAGES
    return f"<#{elsewhere}>" if scope is Scope.CHANNEL and elsewhere is not None else SCOPE_NAMES[scope]


@dataclass(frozen=True, slots=True)
class ScopeTarget:
    """A scope, and the id of its thread, channel or server."""

    scope: Scope
    target: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """The refusals of a command: in direct messages, which lack channel and server, and for lack of permission."""

    only_in_servers: str
    may_not: Mapping[Scope, str]


def where_chosen(by_scope: Mapping[Scope, Choice], field: str, *, is_direct: bool = False) -> str:
    """Say which scope sets a field of the choice in force, or that it is the default."""
    scope = next((scope for scope, choice in by_scope.items() if getattr(choice, field) is not None), None)
    return f"set for {scope_name(scope, is_direct=is_direct)}" if scope else "the default of this bot"


def where_set(
    origin: Origin, *, names_person: bool, elsewhere: int | None = None, is_direct: bool = False
) -> str:
    """Say for which scope a setting was set and when, and with `names_person` by whom, if that is stored."""
    setting = origin.setting
    by = f" by <@{setting.by}>" if names_person and setting.by else ""
    when = f" <t:{setting.at_ms // 1000}:R>" if setting.at_ms else ""
    return f"set for {scope_name(origin.scope, elsewhere, is_direct=is_direct)}{by}{when}"


def for_scope(interaction: Interaction, scope: Scope, prompt: str) -> str:
    """Return a prompt as it is stored for a scope: for a thread, `{thread}` is replaced by the thread's name."""
    thread = interaction.channel
    return (
        with_thread(prompt, thread.name)
        if scope is Scope.THREAD and isinstance(thread, discord.Thread)
        else prompt
    )
