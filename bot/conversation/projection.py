"""When a limit will be used up if all goes on at the rate so far; pure."""

from __future__ import annotations

from bot.conversation.budget import Limit, Use

LEAST_SHARE = 24
"""At the beginning of a window the rate is counted over this part of it (an hour of a day) at least: otherwise one
answer just after midnight would foretell a full limit."""


def full_at_s(limit: Limit, use: Use, now_s: float) -> int | None:
    """Return when the limit is used up at this rate, in seconds since 1970; None if it lasts until it renews.

    A limit that is used up by now is so now.
    """
    most, used = limit.amount.most, use.total
    if used >= most:
        return round(now_s)
    if used <= 0:
        return None
    began_s = limit.began_s
    elapsed_s = max(now_s - began_s, (limit.renews_s - began_s) / LEAST_SHARE)
    full_s = now_s + (most - used) * elapsed_s / used
    return round(full_s) if full_s < limit.renews_s else None
