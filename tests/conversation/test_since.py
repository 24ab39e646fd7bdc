"""From when on a person wants to know what was said."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.conversation.message import created_ms
from bot.conversation.since import since_ms

NOW = dt.datetime(2026, 11, 29, 14, 2, 30, tzinfo=dt.UTC)
NOW_MS = round(NOW.timestamp() * 1000)


def ms(*moment: int) -> int:
    year, month, day, hour, minute = (*moment, 0, 0)[:5]
    return round(dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW_MS - 7_200_000),
        (" 90 min ", NOW_MS - 5_400_000),
        ("3 days ago", NOW_MS - 3 * 86_400_000),
        ("1 Week", NOW_MS - 7 * 86_400_000),
        ("today", ms(2026, 11, 29)),
        ("Yesterday", ms(2026, 11, 28)),
        ("2026-11-01", ms(2026, 11, 1)),
        ("2026-11-01 13:05", ms(2026, 11, 1, 13, 5)),
        ("1234567890123456789", created_ms(1234567890123456789)),
        ("https://discord.com/channels/1/2/1234567890123456789", created_ms(1234567890123456789)),
    ],
)
def test_these_times_are_understood(text: str, expected: int) -> None:
    assert since_ms(text, NOW_MS) == expected


@pytest.mark.parametrize("text", ["", "soon", "2026-13-40", "h", "99999h", "2h; drop", "1" * 40, "12345"])
def test_other_texts_name_no_time(text: str) -> None:
    assert since_ms(text, NOW_MS) is None
