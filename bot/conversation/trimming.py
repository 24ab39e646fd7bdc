"""What of the history still fits: between two trims the window only grows at its end.

A window that slides with each turn would change the beginning of every request, and so pay for the whole history
each time (Anthropic, "Prompt caching": a cached prefix must be identical). Hence two marks: nothing is dropped
until the high-water mark is passed, and then as much as leads below the low-water mark at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.turn import Turn


@dataclass(frozen=True, slots=True)
class TrimPolicy:
    """`high_tokens` may be reached by a request; a trim leads to `low_tokens` or less."""

    high_tokens: int
    low_tokens: int


@dataclass(frozen=True, slots=True)
class Window:
    """The turns that are sent: all from index `cut` of the whole history on.

    `tokens` counts them together with what every request holds besides; `dropped` turns went in this trim.
    """

    cut: int
    turns: tuple[Turn, ...]
    tokens: int
    dropped: int


def trim(turns: Sequence[Turn], policy: TrimPolicy, cut: int, *, other_tokens: int = 0) -> Window:
    """Choose the turns to send: whole ones, the oldest go first.

    `turns` are those from index `cut` on; `other_tokens` are those of the system prompt and of the new message,
    which is always sent, whatever its size.
    """
    total = other_tokens + sum(turn.tokens for turn in turns)
    dropped = 0
    if total > policy.high_tokens:
        while dropped < len(turns) and total > policy.low_tokens:
            total -= turns[dropped].tokens
            dropped += 1
    return Window(cut=cut + dropped, turns=tuple(turns[dropped:]), tokens=total, dropped=dropped)
