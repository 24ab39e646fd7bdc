"""The outcome of a reference to a message: the quote for Claude, or the notice that it cannot be quoted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.above import stands_above
from bot.conversation.message import Author, Message, Quote, Quoted, QuoteKind, Room
from bot.conversation.message_links import Link, message_links
from bot.conversation.named_quotes import VERBS, later_quote, named_quote
from bot.conversation.quoting import Missing, RoomContent, named, own_message, room_quote
from bot.store.claim import Claim

MISSING: dict[Missing, tuple[str, str]] = {
    Missing.DELETED: ("it is deleted", "it is deleted"),
    Missing.FORBIDDEN: ("the bot may not read it", "I may not read that channel"),
    Missing.ELSEWHERE: (
        "it is in another server or in direct messages",
        "I open only links to messages of this server",
    ),
    Missing.NOT_FOR_ALL: (
        "not everybody who reads this conversation may read it",
        "not everybody who reads this may read that channel",
    ),
    Missing.AGE_RESTRICTED: (
        "its channel is age-restricted, and this one is not",
        "that channel is age-restricted, and this one is not",
    ),
    Missing.UNAVAILABLE: (
        "Discord did not deliver it",
        "Discord did not deliver it. Please try again in a minute",
    ),
}
"""Why a message is not quoted: the words for Claude, and the words for people."""

ELSEWHERE_FROM_DMS = "in direct messages I open only links to messages of the same direct messages"
"""In place of the words for people of Missing.ELSEWHERE."""

REPLIED_TO = "the message that was replied to"

ORDINALS = ("first", "second", "third", "fourth")
"""The links of a message by their places; the link to the message that is replied to is not opened once more."""


@dataclass(frozen=True, slots=True)
class QuoteOutcome:
    """A quote and the notice about it; `is_final` unless another attempt may fetch more."""

    quote: Quote
    notice: str = ""
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Referral:
    """A message that another one refers to; `noun` names it to people."""

    claim: Claim
    message: Message
    kind: QuoteKind
    channel: int
    referred: int
    noun: str

    @property
    def earlier(self) -> tuple[Message, ...]:
        return earlier_messages(self.claim, self.message)

    def stands_above(self, said: Quoted | Missing | None) -> bool:
        return stands_above(
            self.referred,
            said if isinstance(said, Quoted) else None,
            earlier=self.earlier,
            history=self.claim.history,
            pinned=self.claim.past.preface.pinned,
            here=self.channel == self.claim.conversation,
        )

    def above(self, said: Quoted | Missing | None) -> QuoteOutcome:
        """Quote the id and the author of a message whose text the request already has above."""
        authors = {each.id: each.author for each in self.earlier}
        author: Author | None = authors.get(self.referred)
        own = isinstance(said, Quoted) and said.own
        if own and author is None and not self._is_of_a_person:
            return QuoteOutcome(named_quote(self.kind, self.channel, own_message(self.referred)))
        if isinstance(said, Quoted) and not own and author is None:
            author = said.author
        return QuoteOutcome(named_quote(self.kind, self.channel, named(author, self.referred)))

    @property
    def _is_of_a_person(self) -> bool:
        """Whether a person wrote the message, by the history: the bot posts the text of /chat for people."""
        past = self.claim.past
        return any(turn.holds(frozenset((self.referred,))) for turn in (*past.preface.pinned, *past.history))

    def later(self, said: Quoted | Missing | None) -> QuoteOutcome:
        """Quote the id and the author of a message that waits in the conversation, so that it is answered once.

        The next attempt looks again: the message may be one of the turn's own by then, or deleted.
        """
        author = said.author if isinstance(said, Quoted) else None
        return QuoteOutcome(
            later_quote(self.kind, self.channel, named(author, self.referred)), is_final=False
        )

    def quoted(self, said: Quoted | Missing) -> QuoteOutcome:
        if self.stands_above(said):
            return self.above(said)
        if isinstance(said, Quoted):
            return QuoteOutcome(Quote(self.kind, self.channel, (said,)))
        for_claude, for_people = MISSING[said]
        if said is Missing.ELSEWHERE and self.claim.meta.guild is None:
            for_people = ELSEWHERE_FROM_DMS
        remark = f"{VERBS[self.kind]} a message that is not shown to you: {for_claude}"
        notice = f"I could not read {self.noun}: {for_people}."
        return QuoteOutcome(
            Quote(self.kind, self.channel, remark=remark), notice, said is not Missing.UNAVAILABLE
        )


def room_outcome(
    answered: Sequence[int], room: Room, content: RoomContent | Missing, others: Sequence[QuoteOutcome]
) -> QuoteOutcome:
    """Quote a room without the messages that are `answered`, now or later, and without those quoted by `others`."""
    if isinstance(content, Missing):
        for_claude, for_people = MISSING[content]
        remark = f"what was said before could not be read: {for_claude}"
        notice = f"I could not read what was said before: {for_people}."
        return QuoteOutcome(
            Quote("room", room.channel, remark=remark), notice, content is not Missing.UNAVAILABLE
        )
    quoted = {said.id for outcome in others for said in outcome.quote.messages}
    quote, notice = room_quote(content, room, skipped={*quoted, *answered}, batch=len(answered))
    return QuoteOutcome(quote, notice, content.starter is not Missing.UNAVAILABLE)


def link_noun(message: Message, link: Link) -> str:
    """Name a linked message by the place of its link, where the message has several links."""
    links = message_links(message.text)
    place = links.index(link)
    if len(links) == 1 or place >= len(ORDINALS):
        return "the linked message"
    return f"the {ORDINALS[place]} linked message"


def earlier_messages(claim: Claim, message: Message) -> tuple[Message, ...]:
    return tuple(each for each in claim.batch.messages if each.id < message.id)
