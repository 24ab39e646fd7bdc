"""Quotes of what was fetched, and the remarks about what was not; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from bot.conversation.message import Attachment, Author, Quote, Quoted, Room, written_at

ROOM_CHARS = 24_000
"""The most characters of what was said before, about 6,000 tokens: the oldest messages go first."""

UNOPENED = "files of earlier messages are not opened"
"""The remark of the attachments in a room; a remark keeps a file from being read."""

NO_WORD = re.compile(r"[^\w.:#]+")


class Missing(Enum):
    """Why a message is not quoted."""

    DELETED = auto()
    FORBIDDEN = auto()
    ELSEWHERE = auto()
    NOT_FOR_ALL = auto()
    AGE_RESTRICTED = auto()
    UNAVAILABLE = auto()


@dataclass(frozen=True, slots=True)
class RoomContent:
    """What was said in a thread or a channel.

    `messages` are the last ones, oldest first; `has_more` holds if earlier ones exist. `total` is how many there are
    in the thread by Discord's count, None where it is unknown. The title, the tags and the starter message are those
    of a thread; there may be no starter message. `left_out` counts messages that are not read at the wish of their
    authors.
    """

    messages: tuple[Quoted, ...] = ()
    has_more: bool = False
    title: str = ""
    tags: tuple[str, ...] = ()
    starter: Quoted | Missing | None = None
    total: int | None = None
    left_out: int = 0

    def without(self, messages: Collection[int]) -> RoomContent:
        """Return the content without some messages."""
        starter = self.starter
        if isinstance(starter, Quoted) and starter.id in messages:
            starter = None
        kept = tuple(each for each in self.messages if each.id not in messages)
        return replace(self, messages=kept, starter=starter, left_out=self.left_out + len(messages))


def named(author: Author | None, message: int) -> str:
    """Name a message by its author and its time, for a remark.

    The display name is left out, and the username is one word, so that no name adds words to the remark.
    """
    by = f"by {NO_WORD.sub('_', author.username)}, " if author is not None else ""
    return f"the message {by}written at {written_at(message)} UTC"


def own_message(message: int) -> str:
    """Name a message of the bot, for a remark to Claude."""
    return f"your own message written at {written_at(message)} UTC"


def room_quote(
    content: RoomContent, room: Room, *, skipped: Collection[int] = (), batch: int = 0
) -> tuple[Quote, str]:
    """Return the quote of what was said before, and a notice about what was left out of it, "" if there is nothing.

    The messages `skipped` are quoted elsewhere. `batch` is how many messages of the thread the turn answers.
    """
    said = [without_files(each) for each in content.messages if each.id not in skipped]
    fitting = _fitting(said)
    starter = content.starter if isinstance(content.starter, Quoted) else None
    shown = (*((starter,) if starter is not None and starter.id not in skipped else ()), *fitting)
    read = len(content.messages) - (len(said) - len(fitting))
    has_more = bool(fitting) and (content.has_more or len(fitting) < len(said))
    total = max(read, content.total - batch) if content.total is not None else None
    unopened = [file for each in fitting for file in each.attachments]
    sentences = []
    if has_more:
        of = (
            f"{read} of {total} messages"
            if total is not None and total > read
            else "the last message"
            if read == 1
            else f"the last {read} messages"
        )
        sentences.append(f"Read {of}, back to {_time(fitting[0].id, room.before)} UTC")
    if unopened:
        sentences.append(_not_opened(unopened))
    if isinstance(content.starter, Missing):
        sentences.append("the first message of the thread could not be read")
    if content.left_out:
        sentences.append(_left_out(content.left_out))
    notice = "; ".join(sentences)
    quote = Quote("room", room.channel, shown, content.title, content.tags, notice)
    return quote, f"{notice[:1].upper()}{notice[1:]}." if notice else ""


def _fitting(messages: Sequence[Quoted]) -> tuple[Quoted, ...]:
    """Return the last messages that fit into ROOM_CHARS together; the last one always does."""
    left, kept = ROOM_CHARS, 0
    for message in reversed(messages):
        left -= size(message)
        if left < 0 and kept:
            break
        kept += 1
    return tuple(messages[len(messages) - kept :])


def size(message: Quoted) -> int:
    """Return the characters of a message with its poll, its embeds and the names of its files."""
    texts = [message.text, *message.stickers, *(file.filename for file in message.attachments)]
    if message.poll is not None:
        texts += [message.poll.question, *(answer for answer, _ in message.poll.answers)]
    for embed in message.embeds:
        texts += [embed.title, embed.description, embed.author, embed.footer, embed.url]
        texts += [part for pair in embed.fields for part in pair]
    return sum(map(len, texts))


def without_files(message: Quoted) -> Quoted:
    """Return a message whose files are not opened, and say so."""
    files = tuple(replace(file, remark=file.remark or UNOPENED) for file in message.attachments)
    return replace(message, attachments=files)


def _not_opened(files: Sequence[Attachment]) -> str:
    kind = "picture" if all(file.content_type.startswith("image/") for file in files) else "file"
    were = "s were" if len(files) > 1 else " was"
    return f"{len(files)} {kind}{were} not opened"


def _left_out(count: int) -> str:
    """Say that messages are not read."""
    messages = "1 message was" if count == 1 else f"{count} messages were"
    return f"{messages} left out: not everybody has agreed to be read, or they were forgotten"


def _time(message: int, now: int) -> str:
    """Return when a message was written, without the day if that is the day of `now`."""
    when, today = written_at(message), written_at(now)
    day, _, time = when.partition(" ")
    return time if today.startswith(day) else when
