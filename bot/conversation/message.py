"""What people wrote, as values."""

from __future__ import annotations

from dataclasses import dataclass

DISCORD_EPOCH_MS = 1_420_070_400_000
"""The first millisecond that a snowflake can hold (Discord, reference, "Snowflakes")."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote: `username` is unique on Discord, `name` is what others see and may be anything."""

    id: int
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference to a file; Discord's addresses expire, so the id is what is kept."""

    id: int
    filename: str
    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a person, as it waits in the inbox.

    `opens` is the name of the thread that is to be started from this message, None where it stands in its
    conversation already.
    """

    id: int
    author: Author
    text: str
    attachments: tuple[Attachment, ...] = ()
    opens: str | None = None


def created_ms(snowflake: int) -> int:
    """The time a Discord id was made, in milliseconds since 1970 (Discord, reference, "Snowflakes")."""
    return (snowflake >> 22) + DISCORD_EPOCH_MS
