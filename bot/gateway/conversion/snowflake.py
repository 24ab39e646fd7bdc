"""Snowflakes, the ids of Discord, by the time that they hold (Discord, reference, "Snowflakes")."""

from __future__ import annotations

from bot.conversation.message import DISCORD_EPOCH_MS


def first_id(when_ms: int) -> int:
    """Return the lowest id of a millisecond since 1970."""
    return (when_ms - DISCORD_EPOCH_MS) << 22


def id_before(seconds: float, now_s: float) -> int:
    """Return the lowest id of a message that was written `seconds` before `now_s`."""
    return first_id(round((now_s - seconds) * 1000))
