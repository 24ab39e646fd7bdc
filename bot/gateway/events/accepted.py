"""A message that is answered, with what is stored of its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import discord

from bot.conversation.intake import Answer, Where
from bot.conversation.scope import Scope, Settings
from bot.gateway.conversion.names import place_names


def new_thread_fields(message: int, *, channel: int, guild: int, asker: int) -> dict[str, str | int]:
    """Return what is stored of a thread that is to be started from a message of a channel; `asker` is its starter."""
    # `joined` also for a new thread: somebody else may be faster to start a thread from the message.
    return {"guild": guild, "parent": channel, "starter": asker, "joined": message}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message to answer, with its channel as discord.py knows it, and the settings that apply there.

    `addressed`: the message mentions the bot or replies to it. `begins_post`: a forum post begins with the message.
    """

    channel: object
    where: Where
    answer: Answer
    settings: Mapping[Scope, Settings]
    addressed: bool = True
    begins_post: bool = False

    @property
    def begins_thread(self) -> bool:
        """Whether the author has a new thread with the message, of the bot's or of their own in a forum."""
        return self.answer.opens_thread or self.begins_post

    def fields(self, message: discord.Message, me: int, asker: int) -> dict[str, str | int]:
        """Return what is stored of the conversation's channel; the `asker` is the starter of a new thread."""
        fields: dict[str, str | int] = {}
        if message.guild is not None:
            fields["guild"] = message.guild.id
        if self.answer.opens_thread and message.guild is not None:
            fields = new_thread_fields(
                message.id, channel=message.channel.id, guild=message.guild.id, asker=asker
            )
            fields |= place_names(message.guild, message.channel)
        elif isinstance(self.channel, discord.Thread):
            fields["parent"] = self.channel.parent_id
            if self.channel.is_private():
                fields["private"] = 1
            fields |= place_names(message.guild, self.channel.parent)
            if self.channel.owner_id not in (None, me):
                fields["starter"] = self.channel.owner_id
        elif self.where is Where.DIRECT:
            fields["starter"] = message.author.id
        if self.where is Where.OTHER_THREAD:
            fields["joined"] = message.id
        return fields
