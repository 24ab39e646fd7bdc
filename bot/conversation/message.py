"""Messages of people, as values."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.content import Block

DISCORD_EPOCH_MS = 1_420_070_400_000
"""The first millisecond that a snowflake can hold (Discord, reference, "Snowflakes")."""


@dataclass(frozen=True, slots=True)
class Author:
    """The author of a message: `username` is unique on Discord, the display `name` is free text."""

    id: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference to a file; its `url` expires, its id does not.

    `blocks` are its content for Claude, set when the turn is prepared, empty if there is no such content. `remark`
    says why, or which part of the file is left out.
    """

    id: int
    filename: str
    content_type: str
    size_bytes: int
    url: str = ""
    blocks: tuple[Block, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a person, as the inbox holds it.

    `opens` is the name of the thread to start from this message, None if the message is in its conversation.
    """

    id: int
    author: Author
    text: str
    attachments: tuple[Attachment, ...] = ()
    opens: str | None = None


def created_ms(snowflake: int) -> int:
    """Return when a Discord id was made, in milliseconds since 1970 (Discord, reference, "Snowflakes")."""
    return (snowflake >> 22) + DISCORD_EPOCH_MS
