"""Reads from when on a person wants to know what was said: pure."""

from __future__ import annotations

import datetime as dt
import re

from bot.conversation.message import created_ms
from bot.conversation.message_links import message_links

_SPAN = re.compile(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)(?:\s+ago)?", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}))?")
_ID = re.compile(r"\d{15,20}")

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_DAYS_AGO = {"today": 0, "yesterday": 1}


def since_ms(text: str, now_ms: int) -> int | None:
    """Return a time in ms since 1970, None if the text names none; days are those of UTC.

    Understood are spans (`2h`, `3 days`), `today`, `yesterday`, dates (`2026-11-29`, `2026-11-29 14:00`), and a
    message by its link or its id.
    """
    text = text.strip()
    if links := message_links(text):
        return created_ms(links[0].message)
    if _ID.fullmatch(text):
        return created_ms(int(text))
    if found := _SPAN.fullmatch(text):
        return max(0, now_ms - int(found[1]) * _UNITS_MS[found[2][0].lower()])
    if (days := _DAYS_AGO.get(text.lower())) is not None:
        now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return round((midnight - dt.timedelta(days=days)).timestamp() * 1000)
    if found := _DATE.fullmatch(text):
        try:
            year, month, day, hour, minute = map(int, found.groups(default="0"))
            moment = dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)
        except ValueError:
            return None
        return max(0, round(moment.timestamp() * 1000))
    return None
