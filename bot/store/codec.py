"""Values to text and back, at the edge of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.conversation.correction import Correction
from bot.conversation.errors import Unreadable
from bot.conversation.message import Message
from bot.conversation.timeline import Timeline
from bot.conversation.turn import Turn
from bot.store.content import Content, is_sealed
from bot.store.keys import padded
from bot.store.legacy import text_turns


@dataclass(frozen=True, slots=True)
class Result:
    """What the thread is to show for a turn, fixed when it was committed.

    `reply` is the text of the reply; `notices` are small remarks under it, or the answer itself if it is empty.
    With an `open_end` the reply can be continued. If it is `as_shown`, its text was read back from Discord, and the
    files that hang there are left alone: what is in them is not known. `files` are the ids of the files that the
    model's code has made.
    """

    reply: str
    notices: tuple[str, ...] = ()
    open_end: bool = False
    as_shown: bool = False
    files: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        """Whether the reply ends early: a notice says why, or the reply can be continued."""
        return bool(self.reply) and (self.open_end or bool(self.notices))


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of the history with the version of its schema; a version that is not known is not read."""

    version: Literal[2]
    turn: Turn


T = TypeVar("T")

BEGINNING = '{"version":2,'
"""How each entry begins that `dump_turn` writes."""

_messages = TypeAdapter(Message)
_entries = TypeAdapter(_Entry)
_results = TypeAdapter(Result)
_timelines = TypeAdapter(Timeline)


def dump_message(message: Message) -> Content:
    """Write a message for the inbox."""
    return Content(_messages.dump_json(message).decode())


def load_message(text: str) -> Message:
    """Read a message from the inbox."""
    return _load(_messages, text)


def dump_turn(turn: Turn) -> Content:
    """Write an entry of the history."""
    return Content(_entries.dump_json(_Entry(2, turn)).decode())


def load_turn(text: str) -> Turn:
    """Read an entry of the history, of this version or of one before it; Unreadable if neither wrote it."""
    try:
        return _load(_entries, text).turn
    except Unreadable:
        return _load(text_turns, text).turn()


def padded_ids(entries: Iterable[object]) -> tuple[str, ...]:
    """Return the padded ids of stored turns, without those that cannot be read."""
    found = []
    for each in entries:
        with suppress(Unreadable):
            found.append(padded(load_turn(str(each)).id))
    return tuple(found)


def is_current(text: str) -> bool:
    """Say whether this version of the schema wrote an entry of the history, and not one before it."""
    return text.startswith(BEGINNING)


def dump_result(result: Result) -> Content:
    """Write what a thread is to show."""
    return Content(_results.dump_json(result).decode())


def load_result(text: str) -> Result:
    """Read what a thread is to show."""
    return _load(_results, text)


def dump_timeline(timeline: Timeline) -> Content:
    """Write the timeline of a turn, "" for an empty one.

    It counts as content: the lengths of pieces of a text tell of the text.
    """
    return Content(_timelines.dump_json(timeline, exclude_defaults=True).decode() if timeline else "")


def load_timeline(text: str) -> Timeline:
    """Read the timeline of a turn; empty if another version wrote it, because nothing depends on it."""
    try:
        return _load(_timelines, text) if text else ()
    except Unreadable:
        return ()


def dump_correction(correction: Correction | None) -> Content:
    """Write the correction of a summary."""
    return Content("" if correction is None else f"{correction[0]} {correction[1]}")


def load_correction(text: str) -> Correction | None:
    """Read the correction of a summary; Unreadable if no key decrypts it."""
    if is_sealed(text):
        raise Unreadable
    turn, _, summary = text.partition(" ")
    return (int(turn), summary) if turn.isdecimal() else None


def _load(adapter: TypeAdapter[T], text: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError:
        # Its text quotes what people wrote.
        raise Unreadable from None


def text(value: object) -> str | None:
    """Read a text that may be absent; the connection decodes, the library's types do not know that."""
    return None if value is None else str(value)


def pairs(flat: Sequence[Any]) -> dict[str, str]:
    """Read the flat list of fields and values that a script returns."""
    return {str(flat[i]): str(flat[i + 1]) for i in range(0, len(flat), 2)}
