"""Where an interaction takes place: its conversation, its channel, its server, and who stands there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord
from discord import app_commands

from bot.commands import answers
from bot.commands.access import Person, may_choose
from bot.commands.interactions import Interaction
from bot.store.conversations import Conversations
from bot.store.scoped_overrides import Scope

SCOPE_HELP = "Where it counts; the narrowest one that is set wins"
"""What is said of the option of a command that names a scope."""


class _ScopeNames(app_commands.Transformer):
    """discord.py would show the names of an enumeration's members, which are in capitals."""

    @property
    def choices(self) -> list[app_commands.Choice[str | int | float]]:
        return [app_commands.Choice(name=answers.NAMES[scope], value=scope.value) for scope in Scope]

    async def transform(self, _: Interaction, value: str) -> Scope:
        return Scope(value)


ScopeOption = app_commands.Transform[Scope, _ScopeNames]
"""The type of the option of a command that names a scope."""


@dataclass(frozen=True, slots=True)
class ScopeTarget:
    """What a choice is made for: a scope, and the id of the thread, the channel or the server."""

    scope: Scope
    target: int


@dataclass(frozen=True, slots=True)
class Refusals:
    """What is answered to a choice that direct messages have no place for, or that somebody may not make."""

    only_in_servers: str
    may_not: Mapping[Scope, str]


@dataclass(frozen=True, slots=True)
class Invocation:
    """`conversation` is None outside of threads and direct messages, the others None where there are none."""

    conversation: int | None
    channel: int | None
    server: int | None
    person: Person

    def spot(self, chosen: Scope | None, refusals: Refusals) -> ScopeTarget | str:
        """Return what a choice for a scope, or for the narrowest one there is here, would be made for, or why not."""
        scope = chosen or (Scope.CHANNEL if self.conversation is None else Scope.THREAD)
        targets = {Scope.THREAD: self.conversation, Scope.CHANNEL: self.channel, Scope.SERVER: self.server}
        target = targets[scope]
        if target is None:
            return answers.NOT_A_CONVERSATION if scope is Scope.THREAD else refusals.only_in_servers
        return ScopeTarget(scope, target) if may_choose(self.person, scope) else refusals.may_not[scope]


async def resolve_invocation(interaction: Interaction, conversations: Conversations) -> Invocation:
    """Find out where an interaction takes place."""
    place, server = interaction.channel_id, interaction.guild_id
    thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
    conversation = place if thread is not None or server is None else None
    started_it = False
    if conversation is not None:
        meta = await conversations.meta(conversation)
        # Of a thread that somebody else was faster to start, both: who opened it, and who asked.
        starters = {
            meta.starter if meta is not None else None,
            thread.owner_id if thread is not None else None,
        }
        started_it = interaction.user.id in starters
    held = interaction.permissions
    return Invocation(
        conversation=conversation,
        channel=None if server is None else place if thread is None else thread.parent_id,
        server=server,
        person=Person(
            is_direct=server is None,
            started_it=started_it,
            manages_threads=held.manage_threads,
            manages_server=held.manage_guild,
            manages_messages=held.manage_messages,
        ),
    )
