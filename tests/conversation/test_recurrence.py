"""When a reminder is due: the calendar, the clock on the wall, and what was missed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from bot.conversation.recurrence import Every, next_ms

BERLIN = "Europe/Berlin"


def ms(text: str, zone: str = BERLIN) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("first", "every", "after", "expected"),
    [
        ("2026-11-30T09:00", "once", "2026-11-29T10:00", "2026-11-30T09:00"),
        ("2026-11-30T09:00", "once", "2026-11-30T09:00", None),
        ("2026-11-30T09:00", "day", "2026-11-29T10:00", "2026-11-30T09:00"),
        ("2026-11-30T09:00", "day", "2026-11-30T09:00", "2026-12-01T09:00"),
        ("2026-11-30T09:00", "day", "2027-02-11T08:59", "2027-02-11T09:00"),  # what was missed is skipped
        # The clock on the wall counts, also where it was changed meanwhile.
        ("2026-10-24T09:00", "day", "2026-10-24T09:00", "2026-10-25T09:00"),
        ("2027-03-27T02:30", "day", "2027-03-27T12:00", "2027-03-28T03:30"),  # 02:30 does not exist that day
        ("2027-03-27T02:30", "day", "2027-03-28T12:00", "2027-03-29T02:30"),
        ("2026-12-04T17:00", "weekday", "2026-12-04T17:00", "2026-12-07T17:00"),  # a Friday, then Monday
        ("2026-12-05T17:00", "weekday", "2026-12-01T17:00", "2026-12-07T17:00"),  # begins on a Saturday
        ("2026-12-01T17:00", "week", "2027-06-01T16:00", "2027-06-01T17:00"),
        ("2026-12-31T08:00", "month", "2026-12-31T08:00", "2027-01-31T08:00"),
        ("2026-12-31T08:00", "month", "2027-01-31T08:00", "2027-02-28T08:00"),  # the last day of the month
        ("2026-12-31T08:00", "month", "2027-02-28T08:00", "2027-03-31T08:00"),
        ("2028-02-29T08:00", "year", "2028-03-01T00:00", "2029-02-28T08:00"),
        ("2028-02-29T08:00", "year", "2031-03-01T00:00", "2032-02-29T08:00"),
        ("2026-11-30T09:00", "month", "2125-11-30T09:00", "2125-12-30T09:00"),
    ],
)
def test_a_reminder_is_due_by_the_clock_on_the_wall(
    first: str, every: Every, after: str, expected: str | None
) -> None:
    found = next_ms(first, BERLIN, every, ms(after))
    assert found == (None if expected is None else ms(expected))


@pytest.mark.parametrize("every", ["day", "weekday", "week", "month", "year"])
def test_each_occurrence_is_later_than_the_one_before(every: Every) -> None:
    due = ms("2026-01-31T02:30")
    for _ in range(400):
        again = next_ms("2026-01-31T02:30", BERLIN, every, due)
        if again is None:
            break
        assert due < again <= due + 367 * 86_400_000
        due = again
