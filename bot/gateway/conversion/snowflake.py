"""Snowflakes, the ids of Discord, by the time that they hold (Discord, reference, "Snowflakes")."""

from __future__ import annotations

from bot.conversation.message import first_id


def id_before(seconds: float, now_s: float) -> int:
    """Return the lowest id of a message that was written `seconds` before `now_s`."""
    return first_id(round((now_s - seconds) * 1000))


def earlier(one: int | None, other: int | None) -> int | None:
    """Return the lower of two ids, None if both are None."""
    return min((each for each in (one, other) if each is not None), default=None)
