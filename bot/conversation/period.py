"""The periods of limits, by the calendar in UTC: their names and their windows; pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

PeriodName = Literal["minute", "day", "month"]
"""The names of all periods, as discord.py wants the choices of an option."""


class Period(StrEnum):
    """How often a limit renews."""

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"

    @property
    def current(self) -> str:
        """What people call the period that it is now."""
        return "today" if self is Period.DAY else f"this {self}"


@dataclass(frozen=True, slots=True)
class Window:
    """One period: its `name` in the keys of the store, and its times in seconds since 1970."""

    name: str
    began_s: int
    renews_s: int


def window(period: Period, now_s: float) -> Window:
    """Return the period that it is at a time."""
    minute = dt.datetime.fromtimestamp(now_s, dt.UTC).replace(second=0, microsecond=0)
    day = minute.replace(hour=0, minute=0)
    match period:
        case Period.MINUTE:
            return _window("%Y%m%d%H%M", minute, minute + dt.timedelta(minutes=1))
        case Period.DAY:
            return _window("%Y%m%d", day, day + dt.timedelta(days=1))
        case Period.MONTH:
            first = day.replace(day=1)
            return _window("%Y%m", first, (first + dt.timedelta(days=32)).replace(day=1))


def _window(name: str, start: dt.datetime, end: dt.datetime) -> Window:
    return Window(f"{start:{name}}", round(start.timestamp()), round(end.timestamp()))
