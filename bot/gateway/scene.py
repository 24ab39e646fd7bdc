"""Where an interaction takes place: its conversation, its channel, its server, and who stands there."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from bot.gateway.access import Person
from bot.gateway.interactions import Interaction
from bot.store.conversations import Conversations
from bot.store.prompts import Scope


@dataclass(frozen=True, slots=True)
class Scene:
    """`conversation` is None outside of threads and direct messages, the others None where there are none."""

    conversation: int | None
    channel: int | None
    server: int | None
    person: Person

    def target(self, scope: Scope) -> int | None:
        """Return the id that a scope means here, None if it means nothing."""
        return {Scope.THREAD: self.conversation, Scope.CHANNEL: self.channel, Scope.SERVER: self.server}[
            scope
        ]

    def default_scope(self) -> Scope:
        """Return the narrowest scope there is here."""
        return Scope.CHANNEL if self.conversation is None else Scope.THREAD


async def look_around(interaction: Interaction, conversations: Conversations) -> Scene:
    """Find out where an interaction takes place."""
    channel_id, guild_id = interaction.channel_id, interaction.guild_id
    channel = interaction.channel
    in_thread = isinstance(channel, discord.Thread)
    conversation = channel_id if in_thread or guild_id is None else None
    started_it = False
    if conversation is not None:
        meta = await conversations.meta(conversation)
        starter = meta.starter if meta is not None else None
        if starter is None and isinstance(channel, discord.Thread):
            starter = channel.owner_id
        started_it = starter == interaction.user.id
    held = interaction.permissions
    return Scene(
        conversation=conversation,
        channel=channel.parent_id
        if isinstance(channel, discord.Thread)
        else (channel_id if guild_id else None),
        server=guild_id,
        person=Person(
            is_direct=guild_id is None,
            started_it=started_it,
            manages_threads=held.manage_threads,
            manages_server=held.manage_guild,
            manages_messages=held.manage_messages,
        ),
    )
