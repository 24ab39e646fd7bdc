"""Facts about servers and members for Claude's tools, and whether a person can be reminded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord.http import Route

from bot.conversation.errors import DiscordGone, DiscordNotNow
from bot.conversation.link_access import READ
from bot.conversation.reminder import Reminder
from bot.gateway import permissions
from bot.gateway.connection.audience import Audience
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion import reading
from bot.tools.facts import ChannelFacts, MemberFacts, ServerFacts
from bot.tools.tool import ToolPlace

MOST_NAMED = 5

UNCONNECTED_S = 5.0
"""A shard that starts is asked about again after so long."""


class ServerFactSource:
    """Reads what discord.py knows of servers, and fetches members."""

    def __init__(self, client: discord.Client, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    async def server(self, place: ToolPlace, asker: int) -> ServerFacts | None:
        """Return the facts about the server of a place, with the channels that everybody may read."""
        guild = self._client.get_guild(place.server or 0)
        if guild is None:
            return None
        audience = Audience(
            self._calls, guild, conversation=place.conversation, parent=place.channel, asker=asker or None
        )
        channels = [
            ChannelFacts(
                each.name,
                str(each.type),
                f"https://discord.com/channels/{guild.id}/{each.id}",
                each.topic or "",
            )
            for each in sorted(guild.channels, key=lambda each: each.position)
            if isinstance(each, discord.TextChannel | discord.ForumChannel)
            and await audience.refusal(each) is None
        ]
        return ServerFacts(
            name=guild.name,
            created_s=guild.created_at.timestamp(),
            description=guild.description or "",
            members=guild.member_count,
            owner=guild.owner_id,
            boosts=guild.premium_subscription_count,
            roles=_role_names(guild.roles),
            channels=tuple(channels),
        )

    async def member(self, server: int, person: int) -> MemberFacts | None:
        """Return the facts about a member, None if the person is none."""
        guild = self._client.get_guild(server)
        if guild is None:
            return None
        found = await self._member(guild, person)
        return None if found is None else _facts(found)

    async def roles_of(self, server: int, person: int) -> frozenset[int]:
        """Return the ids of the roles that a person has now, none for one who is no member; raises DiscordError."""
        guild = await self._guild(server)
        found = await self._member(guild, person)
        return frozenset() if found is None else frozenset(role.id for role in found.roles)

    async def members_named(self, server: int, name: str) -> Sequence[MemberFacts]:
        """Return the members whose username or nickname begins with a name ("Search Guild Members")."""
        guild = self._client.get_guild(server)
        if guild is None or not name:
            return ()
        route = Route("GET", "/guilds/{guild_id}/members/search", guild_id=server)
        query: dict[str, Any] = {"query": name, "limit": MOST_NAMED}
        found: Any = await self._calls.read(
            "members", server, (), lambda: self._client.http.request(route, params=query)
        )
        return reading.parse_each(
            "member",
            found,
            lambda data: _facts(discord.Member(data=data, guild=guild, state=guild._state)),  # type: ignore[arg-type]
        )

    async def may_be_reminded(self, reminder: Reminder) -> bool:
        """Whether the person of a reminder is there still, and can read its place.

        A mention adds people to a private thread, so that only those are reminded there who are in it.
        """
        if reminder.server is None:
            return True
        guild = await self._guild(reminder.server)
        member = await self._member(guild, reminder.person)
        if member is None:
            return False
        channel = guild.get_channel(reminder.channel or reminder.conversation)
        if channel is not None:
            held = channel.permissions_for(member)
            if not all(getattr(held, name) for name in READ):
                return False
        return not reminder.is_private or await self._is_in_thread(reminder)

    async def _is_in_thread(self, reminder: Reminder) -> bool:
        thread, person = reminder.conversation, reminder.person
        try:
            await self._calls.read(
                "thread_member",
                thread,
                permissions.TO_READ,
                lambda: self._client.http.get_thread_member(thread, person),
            )
        except DiscordGone:
            return False
        return True

    async def _guild(self, server: int) -> discord.Guild:
        """Return a server; raises DiscordGone only if Discord says that the bot has left the server.

        discord.py does not know the servers of a shard that is not connected yet, nor those of other processes.
        """
        guild = self._client.get_guild(server)
        if guild is None:
            await self._calls.read(
                "server", server, (), lambda: self._client.http.get_guild(server, with_counts=False)
            )
            raise DiscordNotNow(UNCONNECTED_S)
        return guild

    async def _member(self, guild: discord.Guild, person: int) -> discord.Member | None:
        try:
            return await self._calls.read("member", guild.id, (), lambda: guild.fetch_member(person))
        except DiscordGone:
            return None


def _facts(member: discord.Member) -> MemberFacts:
    return MemberFacts(
        id=member.id,
        username=member.name,
        name=member.global_name or member.name,
        nick=member.nick or "",
        created_s=member.created_at.timestamp(),
        joined_s=member.joined_at.timestamp() if member.joined_at else None,
        roles=_role_names(member.roles),
        is_bot=member.bot,
    )


def _role_names(roles: Sequence[discord.Role]) -> tuple[str, ...]:
    """Name the roles, the highest first, without the one that everybody has."""
    return tuple(role.name for role in reversed(roles) if not role.is_default())
