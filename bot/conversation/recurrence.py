"""When a reminder is due: once or again and again, by the clock on the wall of a time zone; pure."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from typing import Literal
from zoneinfo import ZoneInfo

Every = Literal["once", "day", "weekday", "week", "month", "year"]
"""How often a reminder is due; `weekday` is Monday to Friday."""


def _by_days(days: int) -> Callable[[dt.datetime, int], dt.datetime]:
    return lambda first, number: first + dt.timedelta(days=days * number)


def _by_months(months: int) -> Callable[[dt.datetime, int], dt.datetime]:
    def later(first: dt.datetime, number: int) -> dt.datetime:
        year, month = divmod(first.year * 12 + first.month - 1 + months * number, 12)
        last_day = calendar.monthrange(year, month + 1)[1]
        return first.replace(year=year, month=month + 1, day=min(first.day, last_day))

    return later


_STEPS: dict[Every, tuple[Callable[[dt.datetime, int], dt.datetime], float]] = {
    "day": (_by_days(1), 1),
    "weekday": (_by_days(1), 1),
    "week": (_by_days(7), 7),
    "month": (_by_months(1), 30.44),
    "year": (_by_months(12), 365.25),
}
"""For each recurrence the occurrence of a number, and about how many days lie between two."""

SATURDAY = 5
NEAR = 12
"""Occurrences that are looked at: the number is estimated, and a weekend is skipped."""


def in_zone_ms(local: dt.datetime, zone: ZoneInfo) -> int:
    """Return when it is a local time, in ms since 1970; a time that a change of the clock skips is an hour later."""
    return round(local.replace(tzinfo=zone).timestamp() * 1000)


def next_ms(first: str, zone: str, every: Every, after_ms: int) -> int | None:
    """Return when a reminder is due for the first time after a moment, None for never.

    `first` is the first local time in ISO format. A day that a month lacks is the last day of that month.
    """
    place, begin = ZoneInfo(zone), dt.datetime.fromisoformat(first)
    if every == "once":
        due_ms = in_zone_ms(begin, place)
        return due_ms if due_ms > after_ms else None
    step, days = _STEPS[every]
    passed_days = (after_ms - in_zone_ms(begin, place)) / 86_400_000
    number = max(0, int(passed_days / days) - 2)
    for each in range(number, number + NEAR):
        try:
            local = step(begin, each)
        except (OverflowError, ValueError):
            return None  # behind the last year that a date can hold
        if every == "weekday" and local.weekday() >= SATURDAY:
            continue
        if (due_ms := in_zone_ms(local, place)) > after_ms:
            return due_ms
    return None
