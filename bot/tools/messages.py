"""Search of the server's messages, and reading of a linked message, thread or channel.

What is returned is bounded by what everybody who reads the answer may read (`conversation/link_access`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import Field

from bot.conversation.elements import attribute, body, render_quote, render_said
from bot.conversation.message import Quoted, Room, first_id
from bot.conversation.quoting import Missing, RoomContent, room_quote, without_files
from bot.conversation.visible import plain
from bot.tools.discord_failures import ONLY_IN_SERVERS, asked
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolOutput, ToolPlace
from bot.tools.typed import tool_of

MOST_FOUND = 10
MOST_READ = 50

FOR_ALL = (
    "Only what everybody who reads this conversation may read was searched; there may be more in channels that not "
    "everybody here may read."
)
"""The same whatever was left out, so that nobody learns by searching what stands in a channel they cannot read."""

INDEXING = "Discord is still indexing this server for the search. Try again in a minute."
NOTHING_FOUND = "No message was found. "
ALL_EMPTY = "Say what to search for: words, an author, or a channel."

MISSING = {
    Missing.DELETED: "It is deleted.",
    Missing.FORBIDDEN: "The bot may not read it: it needs “View Channels” and “Read Message History” there.",
    Missing.ELSEWHERE: "It is not in this server, and only what is in this server can be read.",
    Missing.NOT_FOR_ALL: (
        "Not everybody who reads this conversation may read it, so it is not shown here. The person can open it."
    ),
    Missing.AGE_RESTRICTED: "It is in an age-restricted channel, and this conversation is not.",
    Missing.UNAVAILABLE: "It could not be fetched. Try again later.",
}
"""Why something is not shown, for Claude."""

_PLACE = re.compile(
    r"(?:https?://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/channels/(?P<guild>\d{1,20}|@me)/(?P<channel>\d{1,20})"
    r"(?:/(?P<message>\d{1,20}))?/?|<#(?P<mention>\d{1,20})>|(?P<id>\d{15,20}))"
)
_ID = re.compile(r"(?:<@!?)?(\d{15,20})>?")

Words = Annotated[str, Field(description="words that the messages hold", max_length=300)]
Author = Annotated[str, Field(description="the id of the author, or a mention such as <@123>", max_length=40)]
Channel = Annotated[
    str, Field(description="a channel or a thread: its link, id, or a mention such as <#123>", max_length=120)
]
Day = Annotated[str, Field(description="a day such as 2026-11-29", max_length=10)]
Link = Annotated[
    str,
    Field(
        description="a link to a message, a thread or a channel, or a mention such as <#123>", max_length=120
    ),
]
Count = Annotated[
    int, Field(description="how many of the latest messages of a thread or a channel", ge=1, le=MOST_READ)
]


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; the ids bound the time."""

    words: str
    author: int | None = None
    channel: int | None = None
    after: int | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message with the name of its channel, and its link."""

    channel: str
    link: str
    said: Quoted


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts of a forum: names and links."""

    posts: tuple[tuple[str, str], ...]


class ServerMessages(Protocol):
    """Reads messages of a server, as far as everybody who reads the place may. Each raises DiscordError."""

    async def search(
        self, place: ToolPlace, asker: int, search: Search, count: int
    ) -> Sequence[FoundMessage] | None:
        """Return the latest messages that fit; None while Discord has no index yet."""
        ...

    async def message(
        self, place: ToolPlace, asker: int, guild: int | None, channel: int, message: int
    ) -> Quoted | Missing:
        """Return a message."""
        ...

    async def channel(
        self, place: ToolPlace, asker: int, guild: int | None, room: Room, count: int
    ) -> RoomContent | Posts | Missing:
        """Return the latest messages of a thread or a channel, or the posts of a forum."""
        ...


LeftOut = Callable[[Sequence[tuple[int, int]]], Awaitable[frozenset[int]]]
"""Returns which messages, by author and id, are not read: of people who were forgotten, or have not agreed."""


def search_tool(messages: ServerMessages, left_out: LeftOut) -> Tool:
    """Make the tool that searches."""

    async def search_messages(
        context: ToolContext,
        words: Words = "",
        author: Author = "",
        channel: Channel = "",
        after: Day = "",
        before: Day = "",
    ) -> ToolOutput:
        """Search the messages of this Discord server, the latest first. Only what everybody who reads this
        conversation may read is found. Name the links of the messages that you use.
        """
        if context.place.server is None:
            raise ToolFailed(ONLY_IN_SERVERS)
        if not (words.strip() or author or channel):
            raise ToolFailed(ALL_EMPTY)
        search = Search(
            words.strip(),
            _id_of(author),
            _place_of(channel)[1] if channel else None,
            _day(after),
            _day(before),
        )
        found = await asked(messages.search(context.place, context.asker, search, MOST_FOUND))
        if found is None:
            raise ToolFailed(INDEXING)
        unread = await left_out(_by_people(each.said for each in found))
        found = [each for each in found if each.said.id not in unread]
        if not found:
            return ToolOutput.of(NOTHING_FOUND + FOR_ALL)
        shown = "\n".join(map(_shown, found))
        return ToolOutput.of(f"{shown}\n{FOR_ALL}", *(each.link for each in found))

    return tool_of(search_messages, status="Searching the server")


def read_tool(messages: ServerMessages, left_out: LeftOut) -> Tool:
    """Make the tool that reads what a link names."""

    async def read_messages(context: ToolContext, link: Link, count: Count = 20) -> ToolOutput:
        """Read a linked Discord message, or the latest messages of a linked thread, channel or forum post; of a forum
        the names of its posts. Only what everybody who reads this conversation may read is shown.
        """
        place, asker = context.place, context.asker
        guild, channel, message = _place_of(link)
        guild = place.server if guild == 0 else guild
        where = f"https://discord.com/channels/{guild or '@me'}/{channel}"
        if message is not None:
            said = await asked(messages.message(place, asker, guild, channel, message))
            if isinstance(said, Missing):
                raise ToolFailed(MISSING[said])
            return ToolOutput.of(render_said(without_files(said)), f"{where}/{message}")
        room = Room(channel, before=(1 << 63) - 1)
        found = await asked(messages.channel(place, asker, guild, room, count))
        if isinstance(found, Missing):
            raise ToolFailed(MISSING[found])
        if isinstance(found, Posts):
            lines = [body(f"{plain(name)}: {address}") for name, address in found.posts]
            return ToolOutput.of("\n".join(["The posts of this forum that are active:", *lines]), where)
        starter = (found.starter,) if isinstance(found.starter, Quoted) else ()
        found = found.without(await left_out(_by_people((*starter, *found.messages))))
        quote, _ = room_quote(found, room)
        return ToolOutput.of(render_quote(quote), where)

    return tool_of(read_messages, status="Reading messages")


def _by_people(said: Iterable[Quoted]) -> list[tuple[int, int]]:
    return [
        (each.author.id, each.id)
        for each in said
        if each.author is not None and not each.by_app and not each.own
    ]


def _shown(found: FoundMessage) -> str:
    where = f"In #{attribute(plain(found.channel))}, {found.link}:"
    return f"{where}\n{render_said(without_files(found.said))}"


def _place_of(text: str) -> tuple[int | None, int, int | None]:
    """Return server, channel and message of a link; 0 as the server if the text names none."""
    match = _PLACE.fullmatch(text.strip())
    if match is None:
        raise ToolFailed(f"{text!r} is no link to a message, a thread or a channel of Discord")
    channel = int(match["channel"] or match["mention"] or match["id"])
    guild = 0 if match["channel"] is None else None if match["guild"] == "@me" else int(match["guild"])
    return guild, channel, int(match["message"]) if match["message"] else None


def _id_of(text: str) -> int | None:
    if not text:
        return None
    match = _ID.fullmatch(text.strip())
    if match is None:
        raise ToolFailed(f"{text!r} is no id of a person; member_facts tells the id of a name")
    return int(match[1])


def _day(text: str) -> int | None:
    if not text:
        return None
    try:
        day = dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC)
    except ValueError:
        raise ToolFailed(f"{text!r} is no day; a day looks like 2026-11-29") from None
    return first_id(round(day.timestamp() * 1000))
