"""Messages of people, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from bot.conversation.content import Block

DISCORD_EPOCH_MS = 1_420_070_400_000
"""The first millisecond that a snowflake can hold (Discord, reference, "Snowflakes")."""

WEBHOOK = "webhook:"
"""How the username of a webhook begins, as no user's does; the rest has a name that can be chosen freely."""


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message: `username` is unique on Discord, the display `name` is free text."""

    id: int
    username: str
    name: str

    @property
    def is_webhook(self) -> bool:
        """Whether a webhook has written it, for whomever."""
        return self.username.startswith(WEBHOOK)


@dataclass(frozen=True, slots=True)
class Mention:
    """Somebody whom a text mentions by id: the text has the `name` behind an @ in place of the id."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference to a file; its `url` expires, its id does not.

    `blocks` are its content for Claude, set when the turn is prepared, empty if there is no such content. `remark`
    says why, or which part of the file is left out. `voice_seconds` is the length of a voice note, None
    for other files.
    """

    id: int
    filename: str
    content_type: str
    size_bytes: int
    url: str = ""
    blocks: tuple[Block, ...] = ()
    remark: str = ""
    voice_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll: each answer with its votes, None where Discord does not tell them."""

    question: str
    answers: tuple[tuple[str, int | None], ...] = ()
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Embed:
    """The text of an embed; each part may be empty, and `fields` are names and values.

    `has_picture` is set if the embed shows a picture or a video, which Claude is not given.
    """

    title: str = ""
    description: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    author: str = ""
    footer: str = ""
    url: str = ""
    has_picture: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """A message that somebody refers to; its author is None where Discord does not name one, as in a forward.

    `stickers` are names. `by_app` is set if another bot or a webhook has written the message, `own` if this bot has.
    `forwards` is set if the message is a forward: its content is that of somebody else. `mentions` is None where
    nobody knows whom the text mentions by id.
    """

    id: int
    text: str = ""
    author: Author | None = None
    attachments: tuple[Attachment, ...] = ()
    stickers: tuple[str, ...] = ()
    poll: Poll | None = None
    embeds: tuple[Embed, ...] = ()
    by_app: bool = False
    own: bool = False
    forwards: bool = False
    mentions: tuple[Mention, ...] | None = None


QuoteKind = Literal["reply", "forward", "link", "room", "tool", "memory"]
"""What a message replies to, forwards or links to, what was said in the room before it, what became of a call of a
tool that waited for a permission, or a fact that is remembered."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a message refers to.

    `channel` is that of the quoted messages. The `title` and the `tags` are those of a thread or a forum post. The
    `remark` tells Claude what is not quoted, and why.
    """

    kind: QuoteKind
    channel: int
    messages: tuple[Quoted, ...] = ()
    title: str = ""
    tags: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a message replies to; `said` is None where the message did not come along, or `is_deleted`.

    `read_ms` is when it came along, in ms since 1970.
    """

    channel: int
    message: int
    said: Quoted | None = None
    is_deleted: bool = False
    read_ms: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What was said in a channel before the id `before`; a `count` of None is that of the settings."""

    channel: int
    before: int
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a person, as the inbox holds it.

    `opens` is the name of the thread to start from this message, None if the message is in its conversation. With
    `asks_title` Claude is asked for another name, which takes the place of `opens` if it comes in time.
    `stickers` are names. The `quotes` are what the message refers to: a forward is known from the start, other quotes
    are set when the turn is prepared, from the `reference`, the `room` and the links of the text. A proxied message
    is `proxied_for` the person who wrote its original, 0 if the original is not known. `roles` are the ids of the
    roles of its author, where they were known or a limit needed them. `mentions` is None where an older version has
    not noted whom the text mentions by id.
    """

    id: int
    author: Author
    text: str
    attachments: tuple[Attachment, ...] = ()
    opens: str | None = None
    asks_title: bool = False
    stickers: tuple[str, ...] = ()
    poll: Poll | None = None
    embeds: tuple[Embed, ...] = ()
    quotes: tuple[Quote, ...] = ()
    reference: Reference | None = None
    room: Room | None = None
    proxied_for: int | None = None
    roles: tuple[int, ...] = ()
    mentions: tuple[Mention, ...] | None = None

    @property
    def asker(self) -> int | None:
        """The id of the person who wrote the message, None if nobody knows."""
        return self.author.id if self.proxied_for is None else self.proxied_for or None

    @property
    def all_attachments(self) -> tuple[Attachment, ...]:
        """The attachments of the message, then those of what it quotes."""
        quoted = (each for quote in self.quotes for said in quote.messages for each in said.attachments)
        return (*self.attachments, *quoted)

    def with_attachments(self, change: Callable[[Attachment], Attachment]) -> Message:
        """Return the message with each attachment changed, also those of what the message quotes."""
        quotes = tuple(
            replace(
                quote,
                messages=tuple(
                    replace(said, attachments=tuple(map(change, said.attachments))) for said in quote.messages
                ),
            )
            for quote in self.quotes
        )
        return replace(self, attachments=tuple(map(change, self.attachments)), quotes=quotes)


def created_ms(snowflake: int) -> int:
    """Return when a Discord id was made, in milliseconds since 1970 (Discord, reference, "Snowflakes")."""
    return (snowflake >> 22) + DISCORD_EPOCH_MS


def first_id(when_ms: int) -> int:
    """Return the lowest id of a millisecond since 1970."""
    return max(0, when_ms - DISCORD_EPOCH_MS) << 22


def written_at(snowflake: int) -> str:
    """Return when a Discord id was made, in UTC and to the minute, such as `2026-11-29 14:02`."""
    return datetime.fromtimestamp(created_ms(snowflake) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
