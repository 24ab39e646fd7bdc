"""The step of the preparation that fetches the messages to which the messages of a turn refer.

These are the message to which a message replies, the linked messages, and the messages of the room before the first
mention. Fetched messages are stored with the conversation before they are used, so that an attempt after a crash
sends the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from bot.conversation.above import lasting
from bot.conversation.message import Message, Quoted, Reference, Room
from bot.conversation.message_links import Link, message_links
from bot.conversation.named_quotes import each_once
from bot.conversation.quoting import Missing, RoomContent
from bot.conversation.trimming import TrimPolicy
from bot.store.claim import Claim
from bot.store.quote_store import FetchedQuotes, QuoteStore
from bot.turns.prepare import Prepared
from bot.turns.quote_outcome import (
    REPLIED_TO,
    QuoteOutcome,
    Referral,
    earlier_messages,
    link_noun,
    room_outcome,
)

log = structlog.get_logger()

LINKS_MAX = 3
"""The most links that are opened for one message."""

FRESH_MS = 3_000
"""Discord sends the message to which a message replies in the same event. A turn that begins later than this reads it
again, because it may have been edited or deleted since."""


TOO_MANY = f"I open {LINKS_MAX} links to messages at a time. Send the others in another message."


class Source(Protocol):
    """Fetches from Discord; a message that cannot be quoted is `Missing`."""

    async def message(self, guild: int | None, channel: int, message: int) -> Quoted | Missing:
        """Return a message."""

    async def linked(
        self, link: Link, *, guild: int | None, conversation: int, parent: int | None, asker: int | None
    ) -> Quoted | Missing:
        """Return a linked message if it may be quoted in the conversation."""

    async def room(self, room: Room, *, guild: int | None, count: int) -> RoomContent | Missing:
        """Return the messages of a room before the conversation."""


async def _none(_said: Sequence[tuple[int, int]]) -> frozenset[int]:
    return frozenset()


async def _nothing_waits(_claim: Claim) -> Sequence[int]:
    return ()


@dataclass(frozen=True, slots=True)
class QuotedContext:
    """Fetches the quotes of a turn; `room_messages` is how many messages of a room are read.

    A message that stands in the conversation is only named if no trim of this turn can drop it. `left_out` returns
    which messages of a room, by author and id, are not read: nobody has chosen them, unlike a reply or a link.
    `waiting` returns the messages that get an answer of their own later: they are no part of a room, and only named.
    """

    source: Source
    store: QuoteStore
    room_messages: int
    now_ms: Callable[[], int]
    trimming: Callable[[Claim], Awaitable[TrimPolicy]]
    left_out: Callable[[Sequence[tuple[int, int]]], Awaitable[frozenset[int]]] = _none
    waiting: Callable[[Claim], Awaitable[Sequence[int]]] = _nothing_waits

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared:
        """Set the quotes of the messages, and the notices about them."""
        wanted = [message for message in prepared.messages if _refers(claim, message)]
        if prepared.so_far or not wanted:
            return prepared
        claim = replace(claim, history=lasting(claim.history, await self.trimming(claim)))
        known = await self.store.fetched(claim.conversation, [message.id for message in wanted])
        found = await asyncio.gather(
            *(self._fetched(claim, message, known.get(message.id)) for message in wanted)
        )
        fetched = {message.id: quotes for message, quotes in zip(wanted, found, strict=True)}

        def quoting(message: Message) -> Message:
            return replace(message, quotes=(*message.quotes, *fetched[message.id].quotes))

        messages = each_once([quoting(each) if each.id in fetched else each for each in prepared.messages])
        notices = tuple(dict.fromkeys(notice for quotes in found for notice in quotes.notices))
        return replace(prepared, messages=messages, notices=(*prepared.notices, *notices))

    async def _fetched(self, claim: Claim, message: Message, known: FetchedQuotes | None) -> FetchedQuotes:
        reference = message.reference
        links = tuple(
            link
            for link in message_links(message.text)
            if link.message != message.id and (reference is None or link.message != reference.message)
        )
        named_links = tuple(link.message for link in links)
        if known is not None and known.links == named_links and _is_complete(claim, message, known):
            return known
        waiting = await self.waiting(claim)
        referring = asyncio.gather(
            *([self._reply(claim, message, reference, waiting)] if reference is not None else []),
            *(self._link(claim, message, link, waiting) for link in links[:LINKS_MAX]),
        )
        outcomes, room = await asyncio.gather(referring, self._room(claim, message))
        if room is not None:
            outcomes = [room_outcome((*claim.batch.members, *waiting), *room, outcomes), *outcomes]
        notices = [outcome.notice for outcome in outcomes if outcome.notice]
        if len(links) > LINKS_MAX:
            notices.append(TOO_MANY)
        referred = (*((reference.message,) if reference is not None else ()), *named_links[:LINKS_MAX])
        earlier = {each.id for each in earlier_messages(claim, message)}
        quotes = FetchedQuotes(
            tuple(outcome.quote for outcome in outcomes),
            tuple(dict.fromkeys(notices)),
            named_links,
            earlier=tuple(each for each in referred if each in earlier),
        )
        log.info(
            "quotes_fetched",
            conversation=claim.conversation,
            quotes=len(quotes.quotes),
            messages=sum(len(quote.messages) for quote in quotes.quotes),
        )
        if all(outcome.is_final for outcome in outcomes):
            await self.store.keep(claim.lease, message.id, quotes)
        return quotes

    async def _reply(
        self, claim: Claim, message: Message, reference: Reference, waiting: Sequence[int]
    ) -> QuoteOutcome:
        where = Referral(claim, message, "reply", reference.channel, reference.message, REPLIED_TO)
        said = Missing.DELETED if reference.is_deleted else reference.said
        if where.stands_above(said):
            return where.above(said)
        if reference.message in waiting:
            return where.later(said)
        if said is None or (said is reference.said and self.now_ms() - reference.read_ms > FRESH_MS):
            fetched = await self.source.message(claim.meta.guild, reference.channel, reference.message)
            said = fetched if said is None or fetched is not Missing.UNAVAILABLE else said
        return where.quoted(said)

    async def _link(self, claim: Claim, message: Message, link: Link, waiting: Sequence[int]) -> QuoteOutcome:
        where = Referral(claim, message, "link", link.channel, link.message, link_noun(message, link))
        if where.stands_above(None):
            return where.above(None)
        if link.message in waiting:
            return where.later(None)
        said = await self.source.linked(
            link,
            guild=claim.meta.guild,
            conversation=claim.conversation,
            parent=claim.meta.parent,
            asker=message.asker,
        )
        return where.quoted(said)

    async def _room(self, claim: Claim, message: Message) -> tuple[Room, RoomContent | Missing] | None:
        room = message.room
        if room is None or not _wants_room(claim, message):
            return None
        count = self.room_messages if room.count is None else room.count
        content = await self.source.room(room, guild=claim.meta.guild, count=count)
        if isinstance(content, Missing):
            return room, content
        starter = (content.starter,) if isinstance(content.starter, Quoted) else ()
        by_people = [
            (said.author.id, said.id)
            for said in (*starter, *content.messages)
            if said.author is not None and not said.by_app and not said.own
        ]
        return room, content.without(await self.left_out(by_people))


def _refers(claim: Claim, message: Message) -> bool:
    return message.reference is not None or _wants_room(claim, message) or bool(message_links(message.text))


def _wants_room(claim: Claim, message: Message) -> bool:
    """Whether the room is read for a message: once, for the first turn of a conversation.

    A turn whose messages were all deleted does not count. A refused turn counts: the messages of the room may be the
    reason, and would cause a refusal of every later request. After a reset there is no first turn.
    """
    meta = claim.meta
    if meta.floor or meta.window_start or any(turn.outcome != "removed" for turn in claim.history):
        return False
    first = next((each.id for each in claim.batch.messages if each.room is not None), None)
    return message.id == first


def _is_complete(claim: Claim, message: Message, known: FetchedQuotes) -> bool:
    """Whether the fetched quotes are still valid: another message of the turn may have been deleted since."""
    has_room = not _wants_room(claim, message) or any(quote.kind == "room" for quote in known.quotes)
    return has_room and {each.id for each in earlier_messages(claim, message)}.issuperset(known.earlier)
