"""Channels with messages that are quoted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bot.conversation.clock import Clock
from bot.conversation.message import Quoted, Room
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing, RoomContent
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.quote_source import QuoteSource
from bot.local.simulator.discord import wire
from tests.gateway.conftest import Post

EVERYTHING = 1 << 62
"""An id that is later than every message."""


@dataclass
class Scene:
    """A thread to ask in, and what else there is in its server."""

    post: Post
    source: QuoteSource

    @property
    def guild(self) -> Any:
        return next(iter(self.post.discord.world.guilds.values()))

    @property
    def me(self) -> int:
        assert self.post.client.user is not None
        return self.post.client.user.id

    def know(self) -> None:
        """Have discord.py know the server as it is now, as GUILD_CREATE would."""
        data = wire.guild_create(self.post.discord.world, self.guild, self.me)
        self.post.client._connection._add_guild_from_data(data)  # type: ignore[arg-type]

    def channel(self, kind: str = "text", **denied: int) -> Any:
        """A channel that denies a permission to everyone."""
        channel = self.post.discord.add_channel(self.guild, "other", kind=kind)
        for target, bit in denied.items():
            who = {"everyone": self.guild.id, "ann": self.post.ann.id, "bot": self.me}[target]
            self.post.discord.set_overwrite(channel, who, deny=bit)
        return channel

    async def link(self, channel: int, text: str = "secret", *, by: Any = None) -> Link:
        """A link to a new message in a channel."""
        message = await (by or self.post.ann).post(channel, text)
        return Link(self.guild.id, int(channel), int(message["id"]))

    async def linked(self, link: Link, *, here: int | None = None) -> Quoted | Missing:
        """What is fetched for a link that Ann writes into the thread."""
        self.know()
        return await self.source.linked(
            link,
            guild=self.guild.id,
            conversation=here or self.post.thread,
            parent=self.post.channel,
            asker=self.post.ann.id,
        )

    async def room(self, channel: int, count: int = 20, *, before: int = EVERYTHING) -> RoomContent:
        """What is read of a room."""
        self.know()
        content = await self.source.room(Room(channel, before), guild=self.guild.id, count=count)
        assert isinstance(content, RoomContent)
        return content


@pytest.fixture
def scene(post: Post) -> Scene:
    return Scene(post, QuoteSource(post.client, Calls(post.client, Clock())))
