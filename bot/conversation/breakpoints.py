"""The cache breakpoints of a request: pure, by the choice of the lifetime rule.

There are four at most: after the system prompt; after the latest entry of an hour that is alive, which keeps the
entry alive; after the newest block of the request before; and after the newest block. The third is needed because a
breakpoint looks back over 20 blocks only, which many failed turns in a row, or many pictures, can exceed.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.lifetime import Choice
from bot.conversation.request import Breakpoints, Lifetime, PromptMessage
from bot.conversation.turn import Turn


def place(turns: Sequence[Turn], messages: Sequence[PromptMessage], choice: Choice) -> Breakpoints | None:
    """Place the marks in `messages`, which were rendered from `turns` and a newest block; None for no caching."""
    newest = choice.newest
    if newest is None:
        return None
    marks: dict[int, Lifetime] = {}
    anchor = _message_of(turns, choice.anchor)
    last = len(messages) - 1
    if last >= 2:
        marks[last - 2] = newest
    if anchor is not None:
        # A breakpoint of an hour stands before the others; at the same message, it replaces them.
        marks[anchor] = "1h"
    marks[last] = newest
    system: Lifetime = "1h" if "1h" in marks.values() else "5m"
    return Breakpoints(system, tuple(sorted(marks.items())))


def of_request(turns: Sequence[Turn], asked: int) -> int | None:
    """Return the index of the message up to which the request of a turn is part of a later one.

    That is the newest message of the request, or the one before if the turn has no answer; None if there is none.
    """
    found: int | None = None
    before = 0
    for turn in turns:
        if turn.outcome == "answered":
            # The request for the latest part of the reply ended with the message before that part.
            found = before + len(turn.sent) - 2
            before = found + 2
        if turn.id == asked:
            break
    return found


def _message_of(turns: Sequence[Turn], anchor: int | None) -> int | None:
    """Return the index of the message that holds the newest block of a turn's request."""
    before = 0
    for turn in turns:
        if turn.id == anchor:
            # The block of a turn without an answer is the beginning of a later message.
            return before + len(turn.sent) - 2 if turn.outcome == "answered" else None
        before += len(turn.sent) if turn.outcome == "answered" else 0
    return None
