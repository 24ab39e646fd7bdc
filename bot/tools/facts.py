"""Facts about the server and its members that every member can see."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from bot.conversation.elements import body
from bot.conversation.visible import plain
from bot.tools.discord_failures import ONLY_IN_SERVERS, asked
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolPlace
from bot.tools.typed import tool_of

MOST_CHANNELS = 100
MOST_ROLES = 50
TOPIC_CHARS = 150
NO_MEMBER = "No member of this server has that name or id."
_ID = re.compile(r"(?:<@!?)?(\d{15,20})>?")

Who = Annotated[
    str,
    Field(
        description="a mention such as <@123>, an id, or the beginning of a username or nickname",
        min_length=1,
        max_length=100,
    ),
]


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel that everybody here may read."""

    name: str
    kind: str
    link: str
    topic: str = ""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What every member sees of a server; times in s since 1970, `members` None where Discord does not tell."""

    name: str
    created_s: float
    description: str = ""
    members: int | None = None
    owner: int | None = None
    boosts: int = 0
    roles: tuple[str, ...] = ()
    channels: tuple[ChannelFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What every member sees of another one."""

    id: int
    username: str
    name: str
    nick: str = ""
    created_s: float = 0.0
    joined_s: float | None = None
    roles: tuple[str, ...] = ()
    is_bot: bool = False


class FactSource(Protocol):
    """Knows servers and members. Each raises DiscordError."""

    async def server(self, place: ToolPlace, asker: int) -> ServerFacts | None:
        """Return the facts about the server of a place, None if it is not known."""
        ...

    async def member(self, server: int, person: int) -> MemberFacts | None:
        """Return the facts about a member, None if the person is none."""
        ...

    async def members_named(self, server: int, name: str) -> Sequence[MemberFacts]:
        """Return the members whose username or nickname begins with a name."""
        ...


def server_tool(source: FactSource) -> Tool:
    """Make the tool that tells of the server."""

    async def server_facts(context: ToolContext) -> str:
        """Tell what every member can see of this Discord server: name, description, number of members, age, roles,
        and the channels that everybody who reads this conversation may read, with their topics and links.
        """
        if context.place.server is None:
            raise ToolFailed(ONLY_IN_SERVERS)
        facts = await asked(source.server(context.place, context.asker))
        if facts is None:
            raise ToolFailed("Nothing is known of this server at the moment. Try again later.")
        return body("\n".join(_server_lines(facts)))

    return tool_of(server_facts, status="Looking at the server")


def member_tool(source: FactSource) -> Tool:
    """Make the tool that tells of a member."""

    async def member_facts(context: ToolContext, member: Who) -> str:
        """Tell what every member can see of a member of this Discord server: id, username, names, roles, when they
        joined, and the age of the account.
        """
        server = context.place.server
        if server is None:
            raise ToolFailed(ONLY_IN_SERVERS)
        if (match := _ID.fullmatch(member.strip())) is not None:
            found = await asked(source.member(server, int(match[1])))
            members: Sequence[MemberFacts] = () if found is None else (found,)
        else:
            members = await asked(source.members_named(server, member.strip().lstrip("@")))
        if not members:
            raise ToolFailed(NO_MEMBER)
        return body("\n\n".join("\n".join(_member_lines(each)) for each in members))

    return tool_of(member_facts, status="Looking up a member")


def _server_lines(facts: ServerFacts) -> list[str]:
    lines = [f"Name: {plain(facts.name)}"]
    if facts.description:
        lines.append(f"Description: {plain(facts.description)}")
    if facts.members is not None:
        lines.append(f"Members: about {facts.members}")
    lines.append(f"Created: {_day(facts.created_s)}")
    if facts.owner is not None:
        lines.append(f"Owner: <@{facts.owner}>")
    if facts.boosts:
        lines.append(f"Boosts: {facts.boosts}")
    lines.append(f"Roles: {_listed(facts.roles, MOST_ROLES)}")
    lines.append("Channels that everybody here may read:")
    for each in facts.channels[:MOST_CHANNELS]:
        topic = f": {plain(each.topic)[:TOPIC_CHARS]}" if each.topic else ""
        lines.append(f"- #{plain(each.name)} ({each.kind}), {each.link}{topic}")
    if (more := len(facts.channels) - MOST_CHANNELS) > 0:
        lines.append(f"- and {more} more")
    return lines


def _member_lines(facts: MemberFacts) -> list[str]:
    lines = [f"Id: {facts.id}", f"Username: {plain(facts.username)}", f"Name: {plain(facts.name)}"]
    if facts.nick:
        lines.append(f"Nickname here: {plain(facts.nick)}")
    if facts.is_bot:
        lines.append("An app, no person.")
    if facts.joined_s is not None:
        lines.append(f"Joined this server: {_day(facts.joined_s)}")
    lines.append(f"Account created: {_day(facts.created_s)}")
    lines.append(f"Roles: {_listed(facts.roles, MOST_ROLES)}")
    return lines


def _listed(names: Sequence[str], most: int) -> str:
    shown = [plain(name) for name in names[:most]]
    more = len(names) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])]) or "none"


def _day(at_s: float) -> str:
    return dt.datetime.fromtimestamp(at_s, dt.UTC).strftime("%d %B %Y")
