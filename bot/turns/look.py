"""Find on Discord what an earlier try has written, when the store may not know it any more: pure.

A reply points to the last message that it answers, its further parts point to nothing, and notices are silent: so
the messages of a thread tell by themselves which of them were answered, by which reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.outbox import Seen


@dataclass(frozen=True, slots=True)
class Found:
    """A reply: the messages that it answers, and those it consists of, in order."""

    members: tuple[int, ...]
    parts: tuple[Seen, ...]


def find_reply(seen: Sequence[Seen], members: Sequence[int], place: int) -> Found | None:
    """Return the reply to the first of `members`, None if there is none.

    `seen` are the bot's own messages in the thread after it, oldest first.
    """
    for parts in _replies(seen):
        points_to = parts[0].reply_to
        if points_to is None:
            if members[0] == place:
                return Found((members[0],), parts)
        elif points_to in members:
            return Found(tuple(member for member in members if member <= points_to), parts)
    return None


def answered_later(seen: Sequence[Seen], members: Sequence[int]) -> tuple[int, ...]:
    """Return the messages after `members` to which replies point: these may answer the members, too."""
    return tuple(
        message.reply_to
        for message in seen
        if not message.silent and message.reply_to is not None and message.reply_to > members[-1]
    )


def parts_of(message: int | None, seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """Return the whole reply that begins with a message, none if it is not there any more."""
    return next((parts for parts in _replies(seen) if parts[0].id == message), ())


def strays(seen: Sequence[Seen], reply_to: int | None, kept: Sequence[int]) -> tuple[Seen, ...]:
    """Return what belongs to the reply to a message and is not among its known parts.

    It was written twice, or by an earlier try whose answer was longer, or it landed after that try was over.
    None stands for a thread's first message, to which nothing can point.
    """
    replies = [parts for parts in _replies(seen) if parts[0].reply_to == reply_to]
    return tuple(part for parts in replies for part in parts if part.id not in kept)


def _replies(seen: Sequence[Seen]) -> list[tuple[Seen, ...]]:
    replies: list[list[Seen]] = []
    for message in seen:
        if message.silent:
            continue
        if message.reply_to is not None or not replies:
            replies.append([])
        replies[-1].append(message)
    return [tuple(parts) for parts in replies]
