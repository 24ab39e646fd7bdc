"""Sums of usage, and the periods for which they are made."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.conversation.request import Usage
from bot.conversation.request_cost import Payer, RequestCost
from bot.conversation.usage import (
    Counts,
    Place,
    UsagePeriod,
    UsageRow,
    by,
    counts_of,
    days_of,
    first_day,
    total,
    visible_in,
)

TODAY = dt.date(2027, 3, 3)
PAYER = Payer(person=1, server=2, channel=3, conversation=4)


def row(channel: int = 3, counts: Counts | None = None, *, private: bool = False) -> UsageRow:
    return UsageRow(
        TODAY, Place(channel, channel + 100, private), 1, "claude-a", counts or Counts(messages=1)
    )


@pytest.mark.parametrize(
    ("period", "first", "days"),
    [
        (UsagePeriod.TODAY, TODAY, 1),
        (UsagePeriod.WEEK, dt.date(2027, 2, 25), 7),
        (UsagePeriod.MONTH, dt.date(2027, 3, 1), 3),
    ],
)
def test_a_period_ends_today(period: UsagePeriod, first: dt.date, days: int) -> None:
    assert first_day(period, TODAY) == first
    found = days_of(period, TODAY)
    assert (found[0], found[-1], len(found)) == (first, TODAY, days)


def test_a_request_counts_its_tokens_by_kind_and_what_is_known_of_its_cost() -> None:
    usage = Usage(input=1, cache_write_5m=2, cache_write_1h=3, cache_read=4, output=5, thinking=2)
    whole = RequestCost(PAYER, "claude-a", "reply", usage, 60)
    assert counts_of(whole) == Counts(0, 1, 1, 4, 5, 5, 60, 0)
    broken_off = RequestCost(PAYER, "claude-a", "reply", usage, 60, complete=False)
    assert counts_of(broken_off).unpriced == 1
    assert counts_of(RequestCost(PAYER, "claude-a", "reply", usage)).unpriced == 1


def test_the_cache_share_is_that_of_the_input_and_unknown_without_any() -> None:
    assert Counts(input=1, cache_read=6, cache_write=1, output=100).cache_share == 0.75
    assert Counts(output=5).cache_share is None


def test_sums_stand_in_the_order_of_their_cost_and_then_of_their_tokens() -> None:
    rows = [
        row(1, Counts(micro_usd=1)),
        row(2, Counts(output=5)),
        row(3, Counts(output=9)),
        row(1, Counts(micro_usd=2)),
    ]
    assert by(rows, lambda each: each.place.channel) == {
        1: Counts(micro_usd=3),
        3: Counts(output=9),
        2: Counts(output=5),
    }
    assert list(by(rows, lambda each: each.place.channel)) == [1, 3, 2]
    assert total(rows) == Counts(output=14, micro_usd=3)


def test_a_row_whose_conversation_may_not_be_read_has_no_channel() -> None:
    rows = [row(1), row(2, private=True)]
    assert [channel for _, channel in visible_in(rows, lambda place: not place.is_private)] == [1, None]
