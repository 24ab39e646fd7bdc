"""Where an interaction takes place, and who uses it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import discord

from bot.commands import permission_rules
from bot.commands.interactions import Interaction
from bot.commands.scopes import Refusals, ScopeTarget
from bot.conversation.audit import Actor
from bot.conversation.scope import Scope
from bot.store.conversations import Conversations
from bot.tools.tool import ToolPlace

CHANNEL_AND_SCOPE = "With the option `channel`, leave `scope` out, or choose “this channel” as the scope."
NOT_A_CONVERSATION = "This is not one of my conversations. Use this inside a thread that I answer in."
NOTHING_SAID_YET = "There is no conversation here yet. Write me a message, and there is one."


@dataclass(frozen=True, slots=True)
class Invocation:
    """The place and the person of an interaction.

    `conversation` is None outside of threads and direct messages; `channel` and `server` are None in direct messages.
    `actor` is for the audit log. `elsewhere` is the id of `channel` if the person named another channel than this
    one.
    """

    conversation: int | None
    channel: int | None
    server: int | None
    person: permission_rules.Person
    actor: Actor
    elsewhere: int | None = None

    def at(self, channel: discord.abc.Snowflake | None) -> Invocation:
        """Return the invocation as if it were made in another channel; unchanged if `channel` is None."""
        if channel is None:
            return self
        return replace(self, conversation=None, channel=channel.id, elsewhere=channel.id)

    @property
    def is_direct(self) -> bool:
        """Whether this is in direct messages."""
        return self.person.is_direct

    @property
    def not_a_conversation(self) -> str:
        """Say that there is no conversation here."""
        return NOTHING_SAID_YET if self.is_direct else NOT_A_CONVERSATION

    @property
    def tool_place(self) -> ToolPlace:
        """The thread, channel and server that decide which tools are on."""
        return ToolPlace(self.conversation or self.channel or 0, self.channel, self.server)

    def scope_target(self, chosen: Scope | None, refusals: Refusals) -> ScopeTarget | str:
        """Return the target of a scope, by default of the narrowest scope here; or the text of a refusal."""
        if self.elsewhere is not None and chosen not in (None, Scope.CHANNEL):
            return CHANNEL_AND_SCOPE
        scope = chosen or (Scope.CHANNEL if self.conversation is None else Scope.THREAD)
        targets = {Scope.THREAD: self.conversation, Scope.CHANNEL: self.channel, Scope.SERVER: self.server}
        target = targets[scope]
        if target is None:
            return NOT_A_CONVERSATION if scope is Scope.THREAD else refusals.only_in_servers
        allowed = permission_rules.BY_SCOPE[scope].allows(self.person)
        return ScopeTarget(scope, target) if allowed else refusals.may_not[scope]


async def resolve_invocation(interaction: Interaction, conversations: Conversations) -> Invocation:
    """Return the invocation of an interaction; asks the store who started the conversation."""
    channel_id, server = interaction.channel_id, interaction.guild_id
    thread = interaction.channel if isinstance(interaction.channel, discord.Thread) else None
    conversation = channel_id if thread is not None or server is None else None
    is_starter = False
    if conversation is not None:
        meta = await conversations.meta(conversation)
        # Two people may have raced to start a thread: the one who opened it and the one who asked are both starters,
        # until the conversation is handed over.
        starters = {meta.starter if meta is not None else None}
        if thread is not None and (meta is None or meta.handed is None):
            starters.add(thread.owner_id)
        is_starter = interaction.user.id in starters
    held = interaction.permissions
    return Invocation(
        conversation=conversation,
        channel=None if server is None else channel_id if thread is None else thread.parent_id,
        server=server,
        person=permission_rules.Person(
            is_direct=server is None,
            is_starter=is_starter,
            manages_threads=held.manage_threads,
            manages_server=held.manage_guild,
            manages_messages=held.manage_messages,
        ),
        actor=Actor(server or channel_id or 0, interaction.user.id, interaction.id),
    )
