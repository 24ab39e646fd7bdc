"""Snowflakes, the ids of Discord, by the time that they hold (Discord, reference, "Snowflakes")."""

from __future__ import annotations

from bot.conversation.message import first_id


def id_before(seconds: float, now_s: float) -> int:
    """Return the lowest id of a message that was written `seconds` before `now_s`."""
    return first_id(round((now_s - seconds) * 1000))
