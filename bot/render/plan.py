"""What must be done on Discord so that it shows what it should: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.mark import MARK_UNITS, is_marked, marked
from bot.render.measure import MESSAGE_LIMIT_UNITS, units


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the reply as Discord shows it; an empty `content` says that this is not known."""

    message_id: int
    content: str


@dataclass(frozen=True, slots=True)
class Send:
    """Post part `index`."""

    index: int
    content: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Make part `index`, which is posted already, show this."""

    index: int
    message_id: int
    content: str


@dataclass(frozen=True, slots=True)
class Delete:
    """Take away a message that is not needed any more."""

    message_id: int


Action = Send | Edit | Delete


def plan(
    shown: Sequence[Posted], parts: Sequence[str], *, finished: bool, limit: int = MESSAGE_LIMIT_UNITS
) -> tuple[Action, ...]:
    """What to do, in this order, so that Discord shows the parts, given the reply's messages as they are.

    Plan anew after each call: the first action is always right, a later one may need the id that the first
    one brings. A reply is unfinished as long as *any* of its messages is marked, and from the first call to
    the last but one at least one of them is, so that a crash at any point leaves what can be told from
    Discord alone: the last call of all takes away the last mark, or a surplus message that carried it.
    """
    if not parts:
        return tuple(Delete(posted.message_id) for posted in shown) if finished else ()
    return _finish(shown, parts, limit) if finished else _grow(shown, parts)


def _grow(shown: Sequence[Posted], parts: Sequence[str]) -> tuple[Action, ...]:
    """The mark moves to the new message before the old one loses it; full messages come first."""
    last = len(parts) - 1
    wanted = [*parts[:last], marked(parts[last])]
    sends: list[Send] = []
    for index in range(len(shown), len(parts)):
        alone = not sends and not any(is_marked(posted.content) for posted in shown)
        sends.append(Send(index, marked(parts[index]) if alone else wanted[index]))
    edits = _edits(shown, wanted)
    if edits and edits[-1].index == last and not is_marked(shown[last].content):
        edits.insert(0, edits.pop())
    return (*sends, *edits)


def _finish(shown: Sequence[Posted], parts: Sequence[str], limit: int) -> tuple[Action, ...]:
    edits = _edits(shown, parts)
    sends = [Send(index, parts[index]) for index in range(len(shown), len(parts))]
    surplus = sorted(shown[len(parts) :], key=lambda posted: is_marked(posted.content))
    deletes = [Delete(posted.message_id) for posted in surplus]
    calls: tuple[Action, ...] = (*edits, *sends, *deletes)
    if len(calls) <= 1:
        return calls
    holders = [edit for edit in edits if is_marked(shown[edit.index].content)]
    if holders:
        edits.remove(holders[-1])
        return (*sends, *edits, *deletes, holders[-1])
    if surplus and is_marked(surplus[-1].content):
        return (*sends, *edits, *deletes)
    return _raise_mark(shown, parts, limit) or calls


def _raise_mark(shown: Sequence[Posted], parts: Sequence[str], limit: int) -> tuple[Action, ...]:
    """Mark a reply that carries no mark but needs several calls: its first message with room for it."""
    for index, part in enumerate(parts):
        if units(part) + MARK_UNITS <= limit:
            if index < len(shown):
                return (Edit(index, shown[index].message_id, marked(part)),)
            return (Send(index, marked(part)),) if index == len(shown) else ()
    return ()


def _edits(shown: Sequence[Posted], wanted: Sequence[str]) -> list[Edit]:
    return [
        Edit(index, posted.message_id, content)
        for index, (posted, content) in enumerate(zip(shown, wanted, strict=False))
        if posted.content != content
    ]
