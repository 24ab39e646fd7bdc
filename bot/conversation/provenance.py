"""Who is quoted and mentioned in a message of the history, by id: what its text tells by names alone; pure.

Names are chosen freely, and usernames change hands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from bot.conversation.elements import attribute
from bot.conversation.message import Mention, Message, written_at


@dataclass(frozen=True, slots=True)
class Said:
    """A quoted message by its id, with the id and the username of its author."""

    message: int
    author: int
    username: str

    def is_shown_as(self, username: str, at: str) -> bool:
        """Whether an element with these attributes may be this message: it tells the minute alone."""
        return (attribute(self.username), written_at(self.message)) == (username, at)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The `said` are what one message quotes, without what has no author; it may quote them no more.

    The `mentions` are those of its text and of what it quotes. They are all if it `is_complete`.
    """

    mentions: tuple[Mention, ...] = ()
    said: tuple[Said, ...] = ()
    is_complete: bool = False

    @classmethod
    def of(cls, message: Message) -> Provenance:
        """Return the provenance of a message with its quotes."""
        quoted = [said for quote in message.quotes for said in quote.messages]
        mentions = [message.mentions, *(said.mentions for said in quoted)]
        return cls(
            unique(each for known in mentions for each in known or ()),
            tuple(
                Said(each.id, each.author.id, each.author.username)
                for each in quoted
                if each.author is not None
            ),
            None not in mentions,
        )

    def edited(self, now: Message) -> Provenance:
        """Return the provenance after an edit, which leaves the quotes; earlier mentions stay known."""
        mentions = unique((*self.mentions, *(now.mentions or ())))
        return replace(self, mentions=mentions, is_complete=self.is_complete and now.mentions is not None)

    def without(self, person: int, messages: Collection[int]) -> Provenance:
        """Return the provenance without a person, who wrote the `messages` through a proxy."""
        return replace(
            self,
            mentions=tuple(each for each in self.mentions if each.id != person),
            said=tuple(each for each in self.said if each.author != person and each.message not in messages),
        )


def merged(parts: Iterable[Provenance]) -> Provenance:
    """Return the provenance of messages that cannot be told apart."""
    parts = tuple(parts)
    return Provenance(
        unique(each for part in parts for each in part.mentions),
        tuple(each for part in parts for each in part.said),
        bool(parts) and all(part.is_complete for part in parts),
    )


def unique(mentions: Iterable[Mention]) -> tuple[Mention, ...]:
    """Return each mention once, in order."""
    return tuple(dict.fromkeys(mentions))
