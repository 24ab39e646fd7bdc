"""Whether a message stands in the request anyway, so that a reference to it needs no quote; pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.elements import is_quoted_in
from bot.conversation.message import Message, Quoted, created_ms
from bot.conversation.reminder import MARK
from bot.conversation.trimming import TrimPolicy
from bot.conversation.turn import UNSENT, Turn
from bot.conversation.wording import SMALL

LASTING_SHARE = 8
"""The files of a turn take up to three quarters of the low-water mark (`files/token_budget`), the system prompt and
the words of the turn some of the rest: a trim leaves room for at least an eighth of it."""


def lasting(turns: Sequence[Turn], policy: TrimPolicy) -> tuple[Turn, ...]:
    """Return the turns of the window that are sent whatever the turn adds.

    These are all of them while the window is so small that no trim can be due, else the newest.
    """
    total, newest = 0, []
    for turn in reversed(turns):
        total += turn.tokens
        if total <= policy.low_tokens // LASTING_SHARE:
            newest.append(turn)
    return tuple(turns) if total <= policy.high_tokens - policy.low_tokens else tuple(reversed(newest))


def stands_above(
    referred: int,
    said: Quoted | None,
    *,
    earlier: Sequence[Message],
    history: Sequence[Turn],
    pinned: Sequence[Turn] = (),
    here: bool,
) -> bool:
    """Whether the message `referred` is part of the request already.

    A message that an earlier turn quotes is part of the request as well. `said` is the message if it is known, `here`
    whether it is in the conversation. `earlier` are the messages of the
    batch before the one that refers to it, `history` the turns of the window, `pinned` those that stand before it.
    """
    if any(message.id == referred for message in earlier):
        return True
    turns = [turn for turn in history if turn.outcome not in UNSENT]
    if any(turn.holds(frozenset((referred,))) for turn in (*pinned, *turns)):
        return True
    if said is not None and any(is_quoted_in(said, turn.user) for turn in (*pinned, *turns)):
        return True
    # The history does not name the messages of replies. What the bot has posted since the first request of the window
    # belongs to the turns of the window, unless it is a notice, a reminder or a poll.
    is_reply = said is not None and said.own and said.poll is None and not said.text.startswith((SMALL, MARK))
    return is_reply and here and bool(turns) and created_ms(referred) >= turns[0].requested_ms
