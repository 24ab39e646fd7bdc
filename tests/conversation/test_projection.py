"""When a limit is used up at the rate so far."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.amount import amount_of
from bot.conversation.budget import Limit, Rule, Subject, Use, limits
from bot.conversation.period import Period
from bot.conversation.projection import full_at_s
from bot.conversation.request_cost import Payer


def at(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


def limit(amount: str, now_s: float) -> Limit:
    (found,) = limits([Rule(Subject.SERVER, amount_of(amount))], Payer(1, 2, 3, 4), now_s)
    return found


@pytest.mark.parametrize(
    ("amount", "now", "settled", "reserved", "expected"),
    [
        # Half is used up at noon: the other half takes as long, until the limit renews.
        ("10 USD per day", "2027-01-15T12:00", 5_000_000, 0, None),
        ("10 USD per day", "2027-01-15T12:00", 6_000_000, 0, "2027-01-15T20:00"),
        ("10 USD per day", "2027-01-15T12:00", 4_000_000, 2_000_000, "2027-01-15T20:00"),
        ("10 USD per day", "2027-01-15T07:00", 5_000_000, 0, "2027-01-15T14:00"),
        ("10 USD per day", "2027-01-15T23:00", 9_900_000, 0, "2027-01-15T23:13:56"),
        ("10 USD per day", "2027-01-15T12:00", 10_000_000, 0, "2027-01-15T12:00"),
        ("10 USD per day", "2027-01-15T12:00", 12_000_000, 0, "2027-01-15T12:00"),
        ("10 USD per day", "2027-01-15T12:00", 0, 0, None),
        # A minute after midnight the rate is that of an hour.
        ("10 USD per day", "2027-01-15T00:01", 1_000_000, 0, "2027-01-15T09:01"),
        ("10 USD per day", "2027-01-15T00:01", 100_000, 0, None),
        ("1000 tokens per month", "2027-02-08T00:00", 500, 0, "2027-02-15T00:00"),
        ("1000 tokens per month", "2027-02-15T00:00", 500, 0, None),
        ("100 messages per month", "2027-12-11T00:00", 50, 0, "2027-12-21T00:00"),
        ("60 messages per minute", "2027-01-15T12:00:20", 30, 0, "2027-01-15T12:00:40"),
    ],
)
def test_a_limit_is_used_up_when_the_rate_so_far_goes_on(
    amount: str, now: str, settled: int, reserved: int, expected: str | None
) -> None:
    found = full_at_s(limit(amount, at(now)), Use(settled, reserved), at(now))
    assert found == (at(expected) if expected else None)


@given(
    period=st.sampled_from(Period),
    now_s=st.integers(at("2027-01-01T00:00"), at("2029-01-01T00:00")),
    used=st.integers(0, 2000),
)
def test_a_projection_lies_between_now_and_the_renewal(period: Period, now_s: int, used: int) -> None:
    each = limit(f"1000 tokens per {period}", now_s)
    assert each.began_s <= now_s < each.renews_s
    found = full_at_s(each, Use(used, 0), now_s)
    assert found is None or now_s <= found <= each.renews_s
    assert found is None or used > 0
