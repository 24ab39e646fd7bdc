"""Find on Discord what an earlier try has written, when the store may not know it any more: pure.

A reply points to the last message that it answers, and notices are silent. Its further parts point to nothing where
they stand directly behind it, and to its first part where they do not: a store that went back may have had a newer
message answered before an older one, whose reply had begun, was listed again. To a thread's first message, which
stands outside of it, nothing can point: the reply to it begins what the bot has written there, or else, where
something else does, it points to a notice of the bot's own, as nothing else does. So the messages of a thread tell by
themselves which of them were answered, by which reply, and what belongs to it: nothing but the bot's own messages and
what they point to is needed, whatever the store has forgotten, and in whichever order the replies were gone on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.render.mark import is_marked
from bot.render.outbox import Seen
from bot.render.plan import Posted


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
    for points_to, parts in _replies(seen):
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
        points_to for points_to, _ in _replies(seen) if points_to is not None and points_to > members[-1]
    )


def parts_of(message: int | None, seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """Return the whole reply that begins with a message, none if it is not there any more."""
    return next((parts for _, parts in _replies(seen) if parts[0].id == message), ())


def as_posted(parts: Sequence[Seen]) -> tuple[Posted, ...]:
    """Return what was seen of a reply as what its writer goes on from."""
    return tuple(Posted(part.id, part.content, part.files, part.controls) for part in parts)


def less_files(parts: Sequence[Posted]) -> tuple[Posted, ...]:
    """Return the messages of a reply as if nothing hung there, so that their files are left alone."""
    return tuple(replace(part, files=()) for part in parts)


def strays(seen: Sequence[Seen], reply_to: int | None, kept: Sequence[int]) -> tuple[Seen, ...]:
    """Return what belongs to the reply to a message and is not among its known parts.

    It was written twice, or by an earlier try whose answer was longer, or it landed after that try was over.
    None stands for a thread's first message.
    """
    replies = [parts for points_to, parts in _replies(seen) if points_to == reply_to]
    return tuple(part for parts in replies for part in parts if part.id not in kept)


def leftovers(
    seen: Sequence[Seen], members: Sequence[int], reply_to: int | None, place: int
) -> tuple[Seen, ...]:
    """Return what was written to answer some of a turn's messages by themselves, in a try that the store forgot.

    The reply to them all points to `reply_to`.
    """
    others = {None if member == place else member for member in members} - {reply_to}
    return tuple(part for points_to, parts in _replies(seen) if points_to in others for part in parts)


def unfinished(seen: Sequence[Seen], before: int) -> tuple[int, ...]:
    """Return the unfinished messages of all but the replies to what was written after an id.

    What is silent belongs to none: with a mark, it was only to stand there for an instant.
    """
    later = {
        part.id
        for points_to, parts in _replies(seen)
        if points_to is not None and points_to > before
        for part in parts
    }
    return tuple(message.id for message in seen if is_marked(message.content) and message.id not in later)


def _replies(seen: Sequence[Seen]) -> list[tuple[int | None, tuple[Seen, ...]]]:
    """The replies in the order of their beginnings, each with what it answers; None is a thread's first message."""
    replies: list[list[Seen]] = []
    whole: dict[int | None, list[Seen]] = {}
    notices = {message.id for message in seen if message.silent}
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
    return [(None if parts[0].reply_to in notices else parts[0].reply_to, tuple(parts)) for parts in replies]
