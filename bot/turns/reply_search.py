"""Finds the replies of earlier attempts among the bot's messages on Discord, whatever the store has forgotten: pure.

A reply references the last message that it answers; notices are silent. Further parts of a reply reference nothing
if they directly follow it, and else its first part: after a rollback of the store a newer message may be answered
before an older one whose reply was already begun. A thread's starter message is outside the thread and cannot be
referenced: its reply is the first of the bot's messages, or, if another message is, references a notice of the bot,
as no other message does. So the bot's own messages and their references show which messages were answered, by which
reply, and which parts belong to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.render.mark import is_marked
from bot.render.outbox import Seen
from bot.render.part import OF_TEXT
from bot.render.plan import Posted


@dataclass(frozen=True, slots=True)
class FoundReply:
    """A reply: the messages that it answers, and its parts, in order.

    `followed`: another reply was posted after it.
    """

    members: tuple[int, ...]
    parts: tuple[Seen, ...]
    followed: bool = False


def find_reply(seen: Sequence[Seen], members: Sequence[int], channel_id: int) -> FoundReply | None:
    """Return the reply to the first of `members`, None without one.

    `seen` are the bot's messages in the thread after that member, oldest first. If several replies reference
    members, the members were answered in several turns, and the reply to the earliest one is returned.
    """
    found: list[tuple[int, tuple[Seen, ...]]] = []
    for reference, parts in _replies(seen):
        if reference is None:
            if members[0] == channel_id:
                found.append((members[0], parts))
        elif reference in members:
            found.append((reference, parts))
    if not found:
        return None
    reference, parts = min(found, key=lambda reply: reply[0])
    loud = [message for message in seen if not message.silent]
    answered = tuple(member for member in members if member <= reference)
    return FoundReply(answered, parts, followed=parts[-1] is not loud[-1])


def answered_later(seen: Sequence[Seen], members: Sequence[int]) -> tuple[int, ...]:
    """Return the messages after `members` that replies reference: such a reply may answer the members, too."""
    return tuple(
        reference for reference, _ in _replies(seen) if reference is not None and reference > members[-1]
    )


def parts_of(message: int | None, seen: Sequence[Seen]) -> tuple[Seen, ...]:
    """Return the parts of the reply that begins with a message; empty if the message is deleted."""
    return next((parts for _, parts in _replies(seen) if parts[0].id == message), ())


def as_posted(parts: Sequence[Seen]) -> tuple[Posted, ...]:
    """Return the parts of a reply as a writer takes them."""
    return tuple(Posted(part.id, part.content, part.files, part.controls) for part in parts)


def without_files(parts: Sequence[Posted]) -> tuple[Posted, ...]:
    """Return the parts without their files, so that a writer leaves the files unchanged."""
    return tuple(replace(part, files=()) for part in parts)


def with_made_apart(parts: Sequence[Posted]) -> tuple[Posted, ...]:
    """Return the parts with the files that their text is not attached as apart, so that a writer leaves them."""
    return tuple(
        replace(
            part,
            files=tuple(each for each in part.files if OF_TEXT.fullmatch(each.name)),
            apart=tuple(each for each in part.files if not OF_TEXT.fullmatch(each.name)),
        )
        for part in parts
    )


def with_others_apart(seen: Sequence[Seen], others: Collection[int]) -> tuple[Seen, ...]:
    """Return the messages, with those that are known as another turn's as the beginnings of replies.

    A reply whose referenced message was deleted references nothing, and looks like a part of the reply before it.
    What follows a message of another turn is that turn's part, also where the store knows of the first part alone.
    """
    return tuple(
        replace(message, reply_to=message.id)
        if message.id in others and message.reply_to is None
        else message
        for message in seen
    )


def orphan_parts(seen: Sequence[Seen], reply_to: int | None, known: Sequence[int]) -> tuple[Seen, ...]:
    """Return the parts of the reply to a message that are not among its `known` parts.

    An orphan part was posted twice, or by an earlier attempt with a longer answer, or landed after the attempt's
    end. None as `reply_to` means a thread's starter message.
    """
    replies = [parts for reference, parts in _replies(seen) if reference == reply_to]
    return tuple(part for parts in replies for part in parts if part.id not in known)


def superseded_parts(
    seen: Sequence[Seen], members: Sequence[int], reply_to: int | None, channel_id: int
) -> tuple[Seen, ...]:
    """Return the replies to some of a turn's messages, posted by an attempt that the store has forgotten.

    The reply to all the members references `reply_to`.
    """
    others = {None if member == channel_id else member for member in members} - {reply_to}
    return tuple(part for reference, parts in _replies(seen) if reference in others for part in parts)


def replies_to_others(
    seen: Sequence[Seen], members: Sequence[int]
) -> dict[int, tuple[tuple[Seen, ...], ...]]:
    """Return the replies to messages that are newer than the first of `members` and none of these, by message."""
    found: dict[int, tuple[tuple[Seen, ...], ...]] = {}
    for reference, parts in _replies(seen) if members else ():
        if reference is not None and reference > members[0] and reference not in members:
            found[reference] = (*found.get(reference, ()), parts)
    return found


def unfinished(seen: Sequence[Seen], before: int) -> tuple[int, ...]:
    """Return the unfinished messages, without those of replies to messages after an id.

    A silent message belongs to no reply; with a mark it was posted for an instant only.
    """
    later = {
        part.id
        for reference, parts in _replies(seen)
        if reference is not None and reference > before
        for part in parts
    }
    return tuple(message.id for message in seen if is_marked(message.content) and message.id not in later)


def _replies(seen: Sequence[Seen]) -> list[tuple[int | None, tuple[Seen, ...]]]:
    """Return the replies in order, each with the message it references; None is a thread's starter message."""
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
