"""Usage: what was asked of Claude, by day, place, person and model; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from enum import StrEnum
from typing import TypeVar

from bot.conversation.request_cost import RequestCost

NOBODY = 0
"""Stands for the people who were forgotten: what they used still counts for the server."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums of requests.

    `messages` are answers, however many requests each took. `input` are the tokens that no cache held. `micro_usd` is
    the known cost in micro-dollars; of `unpriced` requests not all of the cost is known. `searches` are web searches.
    """

    messages: int = 0
    requests: int = 0
    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    micro_usd: int = 0
    unpriced: int = 0
    searches: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    @property
    def input_total(self) -> int:
        """All input tokens, cached or not."""
        return self.input + self.cache_read + self.cache_write

    @property
    def tokens(self) -> int:
        """The tokens of input and output together, as limits count them."""
        return self.input_total + self.output

    @property
    def cache_share(self) -> float | None:
        """The part of the input that was read from the cache, None without any input."""
        return self.cache_read / self.input_total if self.input_total else None


def counts_of(request: RequestCost) -> Counts:
    """Return the counts of one request."""
    usage = request.usage
    return Counts(
        requests=1,
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write_5m + usage.cache_write_1h,
        output=usage.output,
        micro_usd=request.micro_usd or 0,
        unpriced=int(not request.is_known),
        searches=usage.web_searches,
    )


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """What one attempt at a turn has used, by model; it counts on the `day` (UTC) on which it is stored."""

    day: dt.date = dt.date.min
    by_model: Mapping[str, Counts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation in its `channel`; `is_private` for a private thread, which only its members read."""

    channel: int
    conversation: int
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What a person used of a model, in one conversation, on one day."""

    day: dt.date
    place: Place
    person: int
    model: str
    counts: Counts


class UsagePeriod(StrEnum):
    """The last days, today included; a month is that of the calendar, as for limits. All in UTC."""

    TODAY = "today"
    WEEK = "7 days"
    MONTH = "month"


def first_day(period: UsagePeriod, today: dt.date) -> dt.date:
    """Return the first day of a period."""
    return {
        UsagePeriod.TODAY: today,
        UsagePeriod.WEEK: today - dt.timedelta(days=6),
        UsagePeriod.MONTH: today.replace(day=1),
    }[period]


def days_of(period: UsagePeriod, today: dt.date) -> tuple[dt.date, ...]:
    """Return the days of a period until today."""
    first = first_day(period, today)
    return tuple(first + dt.timedelta(days=number) for number in range((today - first).days + 1))


K = TypeVar("K")


def total(rows: Iterable[UsageRow]) -> Counts:
    """Return the sum of all rows."""
    return sum((row.counts for row in rows), Counts())


def by(rows: Iterable[UsageRow], key: Callable[[UsageRow], K]) -> dict[K, Counts]:
    """Return the sums of the rows with the same key: those that cost most first, then those with most tokens."""
    sums: dict[K, Counts] = {}
    for row in rows:
        of = key(row)
        sums[of] = sums.get(of, Counts()) + row.counts
    return dict(sorted(sums.items(), key=lambda item: (-item[1].micro_usd, -item[1].tokens, str(item[0]))))


def visible_in(rows: Sequence[UsageRow], reads: Callable[[Place], bool]) -> list[tuple[UsageRow, int | None]]:
    """Return each row with its channel; None in place of a channel whose conversation the person may not read."""
    allowed = {place: reads(place) for place in {row.place for row in rows}}
    return [(row, row.place.channel if allowed[row.place] else None) for row in rows]
