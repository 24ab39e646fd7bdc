"""Find on Discord what an earlier try has written, when the store may not know it any more: pure.

A reply points to the last message that it answers, and notices are silent. Its further parts point to nothing where
they stand directly behind it, and to its first part where they do not: a store that went back may have had a newer
message answered before an older one, whose reply had begun, was listed again. So the messages of a thread tell by
themselves which of them were answered, by which reply, and what belongs to it: nothing but the bot's own messages and
what they point to is needed, whatever the store has forgotten, and in whichever order the replies were gone on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.outbox import Seen


@dataclass(frozen=True, slots=True)
class Found:
    """A reply: the messages that it answers, and those it consists of, in order.

    It stands `apart` from what is posted now if another reply has been begun since.
    """

    members: tuple[int, ...]
    parts: tuple[Seen, ...]
    apart: bool = False


def find_reply(seen: Sequence[Seen], members: Sequence[int], place: int) -> Found | None:
    """Return the reply to the first of `members`, None if there is none.

    `seen` are the bot's own messages in the thread after it, oldest first. Where several replies point to the
    members, they were answered in several turns, and the reply to the earliest is returned.
    """
    found: list[tuple[int, tuple[Seen, ...]]] = []
    for parts in _replies(seen):
        points_to = parts[0].reply_to
        if points_to is None:
            if members[0] == place:
                found.append((members[0], parts))
        elif points_to in members:
            found.append((points_to, parts))
    if not found:
        return None
    points_to, parts = min(found, key=lambda reply: reply[0])
    loud = [message for message in seen if not message.silent]
    answered = tuple(member for member in members if member <= points_to)
    return Found(answered, parts, apart=parts[-1] is not loud[-1])


def answered_later(seen: Sequence[Seen], members: Sequence[int]) -> tuple[int, ...]:
    """Return the messages after `members` to which replies point: these may answer the members, too."""
    return tuple(
        points_to
        for parts in _replies(seen)
        if (points_to := parts[0].reply_to) is not None and points_to > members[-1]
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


def leftovers(
    seen: Sequence[Seen], members: Sequence[int], reply_to: int | None, place: int
) -> tuple[Seen, ...]:
    """Return what was written to answer some of a turn's messages by themselves, in a try that the store forgot.

    The reply to them all points to `reply_to`.
    """
    others = {None if member == place else member for member in members} - {reply_to}
    return tuple(part for parts in _replies(seen) if parts[0].reply_to in others for part in parts)


def _replies(seen: Sequence[Seen]) -> list[tuple[Seen, ...]]:
    replies: list[list[Seen]] = []
    whole: dict[int | None, list[Seen]] = {}
    for message in seen:
        if message.silent:
            continue
        if message.reply_to in whole:
            latest = whole[message.reply_to]
        elif message.reply_to is not None or not replies:
            latest = []
            replies.append(latest)
        latest.append(message)
        whole[message.id] = latest
    return [tuple(parts) for parts in replies]
