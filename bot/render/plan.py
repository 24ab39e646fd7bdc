"""What must be done on Discord so that it shows what it should: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.mark import is_marked, marked


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the reply as Discord shows it."""

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


def plan(shown: Sequence[Posted], parts: Sequence[str], *, finished: bool) -> tuple[Action, ...]:
    """What to do, in order, so that Discord shows the parts, given the reply's messages as they are.

    At least one of the reply's messages is marked until everything else is done, whatever the order in which a
    crash cuts this off: so a reply is finished if, and only if, none of its messages is marked. While it grows,
    its last part carries the mark; when it is finished, taking the last mark away is the last call of all, after
    the surplus messages of an earlier try have gone.
    """
    return _closing_plan(shown, parts) if finished else _growing_plan(shown, parts)


def _growing_plan(shown: Sequence[Posted], parts: Sequence[str]) -> tuple[Action, ...]:
    last = len(parts) - 1
    wanted = [*parts[:last], marked(parts[last])] if parts else []
    sends: list[Action] = [Send(index, marked(parts[index])) for index in range(len(shown), len(parts))]
    edits: list[Action] = [
        Edit(index, posted.message_id, wanted[index])
        for index, posted in enumerate(shown[: len(parts)])
        if posted.content != wanted[index]
    ]
    # The mark moves on to the new message before the old one loses it.
    return (*sends, *reversed(edits))


def _closing_plan(shown: Sequence[Posted], parts: Sequence[str]) -> tuple[Action, ...]:
    surplus = [Delete(posted.message_id) for posted in shown[len(parts) :]]
    kept = list(shown[: len(parts)])
    sends = [Send(index, parts[index]) for index in range(len(kept), len(parts))]
    edits = [
        Edit(index, posted.message_id, parts[index])
        for index, posted in enumerate(kept)
        if posted.content != parts[index]
    ]
    return (*edits, *sends, *surplus)


__all__ = ["Action", "Delete", "Edit", "Posted", "Send", "is_marked", "plan"]
