"""The trimming policy: which turns of the history are sent. Between two trims the window only grows at its end.

A window that slides with each turn would change the beginning of every request, and so the whole history would be
billed in full each time (Anthropic, "Prompt caching": a cached prefix must be identical). Hence two marks: nothing
is dropped below the high-water mark; above it, the oldest turns are dropped down to the low-water mark at once. The
pinned turns before the window change in that moment only, for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.turn import UNSENT, Turn

LEAST_NEWEST_TOKENS = 200
"""What remains of a message that is shortened to fit, if the budget allows as much: less would not be a question."""


@dataclass(frozen=True, slots=True)
class TrimPolicy:
    """`high_tokens` is the most that a request may hold; a trim leaves `low_tokens` or less.

    Pinned turns that would go stay, as far as they take no more than `pinned_tokens`.
    """

    high_tokens: int
    low_tokens: int
    pinned_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Edge:
    """The index of the window's first turn, and the pinned turns from before it, oldest first."""

    window_start: int = 0
    pinned: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Window:
    """The turns that are sent: `pinned` ones from before the window, then all from index `start` of the history on.

    `tokens` counts them together with what every request holds besides. `dropped` turns went in this trim, of
    which `pinned` may hold some; `unpinned` pinned turns found no room. `newest_tokens` is the room of the newest
    message: less than its size if `shortened`.
    """

    start: int
    turns: tuple[Turn, ...]
    tokens: int
    dropped: int
    pinned: tuple[Turn, ...] = ()
    newest_tokens: int = 0
    shortened: bool = False
    unpinned: int = 0

    @property
    def all_turns(self) -> tuple[Turn, ...]:
        """The turns in the order in which they are sent."""
        return (*self.pinned, *self.turns)

    @property
    def edge(self) -> Edge:
        """What the next trim has to know of this one."""
        return Edge(self.start, self.pinned)


def marks(
    max_tokens: int,
    keep_ratio: float,
    *,
    context_tokens: int | None = None,
    reply_tokens: int = 0,
    step_tokens: int | None = None,
    pinned_share: float = 0.0,
) -> TrimPolicy:
    """Return the marks for a budget of `max_tokens`, which the limits of the model may lower.

    A request and its reply (at most `reply_tokens`) share the model's `context_tokens`. Above `step_tokens` of prompt
    some models cost several times as much for the whole prompt. Both are None if there is no such limit, or
    if the operator accepts it. `pinned_share` is the share of the low-water mark for pinned turns, so that pins
    alone never make a trim due.
    """
    high = max_tokens
    if context_tokens is not None:
        high = min(high, context_tokens - reply_tokens)
    if step_tokens is not None:
        high = min(high, step_tokens)
    high = max(1, high)
    low = int(high * keep_ratio)
    return TrimPolicy(high_tokens=high, low_tokens=low, pinned_tokens=int(low * pinned_share))


def trim(
    turns: Sequence[Turn],
    policy: TrimPolicy,
    edge: Edge,
    *,
    other_tokens: int = 0,
    newest_tokens: int = 0,
    pins: frozenset[int] = frozenset(),
    recalled: Sequence[Turn] = (),
    at_once: bool = False,
) -> Window:
    """Choose the turns to send; whole turns are dropped, the oldest first.

    `turns` are those of the window so far; `other_tokens` are those of the system prompt, `newest_tokens` those of
    the new message, which is always sent, shortened if it exceeds the budget. `pins` are the ids of
    pinned messages: their turns stay, the newest first if not all of them fit. `recalled` are turns from before the
    window that come back if they are pinned by now. With `at_once` pins are looked at even if no trim is due.
    """
    turns = tuple(turns)
    wanted = newest_tokens
    if other_tokens + newest_tokens > policy.high_tokens:
        least = min(newest_tokens, LEAST_NEWEST_TOKENS, policy.high_tokens)
        newest_tokens = max(least, policy.high_tokens - other_tokens)
    fixed = other_tokens + newest_tokens
    pinned, unpinned, dropped = edge.pinned, 0, 0
    total = fixed + _sum(pinned) + _sum(turns)
    due = total > policy.high_tokens
    if due or at_once:
        old = tuple(
            {turn.id: turn for turn in sorted((*edge.pinned, *recalled), key=lambda turn: turn.id)}.values()
        )
        if not due:
            pinned, unpinned = _pinned(old, pins, policy, fixed)
            due = fixed + _sum(pinned) + _sum(turns) > policy.high_tokens
        if due:
            dropped = _dropped(turns, policy.low_tokens - fixed)
            pinned, unpinned = _pinned((*old, *turns[:dropped]), pins, policy, fixed)
        # The pinned turns need room, too: more of the oldest turns are dropped for them.
        while due and dropped < len(turns):
            if fixed + _sum(pinned) + _sum(turns[dropped:]) <= policy.low_tokens:
                break
            dropped += 1
            pinned, unpinned = _pinned((*old, *turns[:dropped]), pins, policy, fixed)
    return Window(
        start=edge.window_start + dropped,
        turns=turns[dropped:],
        tokens=fixed + _sum(pinned) + _sum(turns[dropped:]),
        dropped=dropped,
        pinned=pinned,
        newest_tokens=newest_tokens,
        shortened=newest_tokens < wanted,
        unpinned=unpinned,
    )


def _dropped(turns: tuple[Turn, ...], room: int) -> int:
    """Count the oldest turns that have to go until the rest takes no more than `room`."""
    total = _sum(turns)
    count = 0
    while count < len(turns) and total > room:
        total -= turns[count].tokens
        count += 1
    return count


def _pinned(
    candidates: Sequence[Turn], pins: frozenset[int], policy: TrimPolicy, fixed: int
) -> tuple[tuple[Turn, ...], int]:
    """Choose the pinned turns that stay, and count those that find no room."""
    # Not limited to the low-water mark: a long new message would push out the pinned turns.
    room = min(policy.pinned_tokens, policy.high_tokens - fixed)
    pinned = [turn for turn in candidates if turn.outcome not in UNSENT and turn.holds(pins)]
    chosen: list[Turn] = []
    for turn in reversed(pinned):
        if turn.tokens <= room:
            chosen.append(turn)
            room -= turn.tokens
    return tuple(reversed(chosen)), len(pinned) - len(chosen)


def _sum(turns: Sequence[Turn]) -> int:
    return sum(turn.tokens for turn in turns)
