"""The time in a place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field

from bot.tools.tool import Tool, ToolContext, ToolFailed
from bot.tools.typed import tool_of

Zone = Annotated[
    str, Field(description="a time zone of the IANA database, such as Europe/Berlin", max_length=64)
]


def time_tool(now_s: Callable[[], float]) -> Tool:
    """Make the tool; `now_s` returns the time since 1970."""

    async def time_in(_context: ToolContext, zone: Zone) -> str:
        """Return the date, the day of the week and the time of day now in a time zone."""
        try:
            place = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ToolFailed(
                f"{zone!r} is no time zone of the IANA database; such names look like Asia/Tokyo"
            ) from None
        now = dt.datetime.fromtimestamp(now_s(), place)
        return now.strftime("%A, %d %B %Y, %H:%M (UTC%z)")

    return tool_of(time_in, status="Looking at the clock")
