"""The settings of a server that concern what is kept: pure."""

from __future__ import annotations

from bot.conversation.scope import Settings

RETENTION_DAYS = "privacy.retention_days"
"""The name of the setting: for how many days after its last message a conversation of the server is kept."""

DAY_MS = 24 * 3600 * 1000


def retention_days(settings: Settings, ceiling: int) -> int:
    """Return for how many days conversations of a server are kept; never longer than the operator allows."""
    held = settings.get(RETENTION_DAYS)
    if held is None or not held.value.isdecimal():
        return ceiling
    return max(1, min(int(held.value), ceiling))
