"""The periods of limits, by the calendar in UTC."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.period import Period, PeriodName, window

NOW_S = dt.datetime(2026, 11, 29, 14, 2, 30, tzinfo=dt.UTC).timestamp()


@given(st.sampled_from(Period), st.floats(1.5e9, 4e9))
def test_a_window_holds_now_and_the_next_begins_where_it_ends(period: Period, now_s: float) -> None:
    now = window(period, now_s)
    length_s = {Period.MINUTE: 60, Period.DAY: 86_400, Period.MONTH: 31 * 86_400}[period]
    assert now.began_s <= now_s < now.renews_s <= now_s + length_s
    assert window(period, now.renews_s - 0.001) == now
    following = window(period, now.renews_s)
    assert following.name != now.name
    assert following.began_s == now.renews_s


@pytest.mark.parametrize(
    ("period", "name", "ends"),
    [
        (Period.MINUTE, "202611291402", dt.datetime(2026, 11, 29, 14, 3, tzinfo=dt.UTC)),
        (Period.DAY, "20261129", dt.datetime(2026, 11, 30, tzinfo=dt.UTC)),
        (Period.MONTH, "202611", dt.datetime(2026, 12, 1, tzinfo=dt.UTC)),
    ],
)
def test_windows_are_those_of_the_calendar_in_utc(period: Period, name: str, ends: dt.datetime) -> None:
    now = window(period, NOW_S)
    assert (now.name, now.renews_s) == (name, ends.timestamp())


def test_the_choices_of_a_command_are_the_periods() -> None:
    assert get_args(PeriodName) == tuple(Period)
