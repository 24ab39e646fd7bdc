"""The answer of /usage: a table, what is left of the limits, and a chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.commands import permission_rules
from bot.conversation import budget_wording
from bot.conversation.budget import Limit, Subject, Use
from bot.conversation.pricing import MICRO_USD, dollars
from bot.conversation.projection import full_at_s
from bot.conversation.scope import Scope
from bot.conversation.usage import NOBODY, Counts, UsagePeriod, UsageRow, by, days_of, total
from bot.render import chart
from bot.render.chart import Bars, Chart, Series

MOST_CHARS = 1900
"""A message holds 2000 (Discord, "Create Message")."""

MOST_DAYS, MOST_MODELS, MOST_NAMES = 7, 5, 6
"""The most rows of each part of the answer; the CSV file holds all."""

LABEL_CHARS = 22
BAR_CELLS = 10
"""The cells of the bar that shows what is left."""

ONLY_IN_SERVERS = "These are direct messages, not a server. Leave `scope` out to see what you have used here."
MAY_NOT_SEE = permission_rules.SERVER.refusal("see the usage of the whole server")
NO_CHART = "The chart could not be drawn just now; the numbers are all here."
NOTHING = "Nothing was asked of me in this time."

_PERIODS = {UsagePeriod.TODAY: "today", UsagePeriod.WEEK: "the last 7 days", UsagePeriod.MONTH: "this month"}


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class View:
    """The usage in a `period` until `today`: of one person, or of a whole server if `server` names it.

    In direct messages (`is_direct`) there is one channel, which has no name.

    Each row stands with its channel, None if the person may not read the row's conversation.
    """

    period: UsagePeriod
    today: dt.date
    rows: Sequence[tuple[UsageRow, int | None]]
    server: str | None = None
    is_direct: bool = False

    @property
    def plain_rows(self) -> tuple[UsageRow, ...]:
        """The rows without their channels."""
        return tuple(row for row, _ in self.rows)

    @property
    def by_channel(self) -> dict[int | None, Counts]:
        """The sums of each channel; last, under None, those of the channels that the person may not read."""
        channels: dict[UsageRow, int | None] = dict(self.rows)
        sums = by(self.plain_rows, lambda row: channels[row])
        return {channel: sums[channel] for channel in sorted(sums, key=lambda each: each is None)}


def shown(view: View) -> str:
    """Return the text: a table by day and by model, then the sums by channel and, for a server, by person."""
    whose = "Your usage here" if view.server is None else "Usage of this server"
    head = f"**{whose}, {_PERIODS[view.period]}** (days in UTC)"
    if not view.rows:
        return f"{head}\n{NOTHING}"
    lines = [head, f"```\n{_table(view)}\n```"]
    if not view.is_direct:
        lines += _named("By channel", view.by_channel, _channel)
    if view.server is not None:
        lines += _named("By person", by(view.plain_rows, lambda row: row.person), _person)
    if unpriced := total(view.plain_rows).unpriced:
        lines.append(f"-# {_several(unpriced, 'request')} could not be fully priced.")
    if searches := total(view.plain_rows).searches:
        lines.append(f"-# The costs include {searches:,} web search{'' if searches == 1 else 'es'}.")
    return _bounded(lines)


def _table(view: View) -> str:
    by_day = by(view.plain_rows, lambda row: row.day)
    days = sorted(by_day, reverse=True)
    rows = [(f"{day.day} {day:%b}", by_day[day]) for day in days[:MOST_DAYS]]
    if days[MOST_DAYS:]:
        rows.append(("before", sum((by_day[day] for day in days[MOST_DAYS:]), Counts())))
    if len(rows) > 1:
        rows.append(("all", total(view.plain_rows)))
    models = list(by(view.plain_rows, lambda row: row.model).items())
    others = sum((counts for _, counts in models[MOST_MODELS:]), Counts())
    of_models = [*models[:MOST_MODELS], *([("other", others)] if models[MOST_MODELS:] else [])]
    width = min(LABEL_CHARS, max(len(label) for label, _ in (*rows, *of_models)))
    return "\n".join(
        [
            _row("", "messages", "tokens", "cached", "cost", width),
            *(_counts_row(label, counts, width) for label, counts in rows),
            "",
            *(_counts_row(label, counts, width) for label, counts in of_models),
        ]
    )


def _counts_row(label: str, counts: Counts, width: int) -> str:
    share = counts.cache_share
    cost = ("≥" if counts.unpriced else "") + dollars(counts.micro_usd)
    cached = "" if share is None else f"{share:.0%}"
    return _row(label, f"{counts.messages:,}", chart.amount(counts.tokens, "tokens"), cached, cost, width)


def _row(label: str, messages: str, tokens: str, cached: str, cost: str, width: int) -> str:
    short = label if len(label) <= width else label[: width - 1] + "…"
    return f"{short:<{width}}{messages:>9}{tokens:>8}{cached:>7}{cost:>10}".rstrip()


def _named(title: str, sums: Mapping[K, Counts], name: Callable[[K], str]) -> list[str]:
    found = [
        f"{name(each)}: {_several(counts.messages, 'message')}, {chart.amount(counts.tokens, 'tokens')} tokens, "
        f"{dollars(counts.micro_usd)}"
        for each, counts in sums.items()
    ]
    left_out = len(found) - MOST_NAMES
    more = [f"… and {left_out} more"] if left_out > 0 else []
    return [
        f"**{title}**",
        *(f"{number}. {line}" for number, line in enumerate(found[:MOST_NAMES], 1)),
        *more,
    ]


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _channel(channel: int | None) -> str:
    return "other channels" if channel is None else f"<#{channel}>"


def _person(person: int) -> str:
    return "people who were forgotten" if person == NOBODY else f"<@{person}>"


def remaining(limits: Sequence[Limit], uses: Sequence[Use]) -> str:
    """Show what is left to a person of each limit that applies, and when the limit renews."""
    if not limits:
        return "**What is left to you here:** there is no limit."
    lines = [_left(limit, use) for limit, use in zip(limits, uses, strict=True)]
    return _bounded(["**What is left to you here** (every limit holds)", *lines])


def _left(limit: Limit, use: Use) -> str:
    most, unit = limit.amount.most, limit.amount.unit
    left = max(0, most - use.total)
    filled = min(-(-left * BAR_CELLS // most), BAR_CELLS if left == most else BAR_CELLS - 1)
    bar = "▰" * filled + "▱" * (BAR_CELLS - filled)
    whole = f"; whole again {budget_wording.renews(limit)}" if left < most else ""
    return (
        f"`{bar}` {100 * left // most}%: {budget_wording.shown(left, unit)} of "
        f"{budget_wording.amount(limit.amount)} for {_whose(limit)}{whole}"
    )


def projections(limits: Sequence[Limit], uses: Sequence[Use], now_s: float) -> str:
    """Show when each shared limit will be used up at the rate so far."""
    shared = (Subject.BOT, Subject.SERVER, Subject.CHANNEL)
    lines = [
        _projected(limit, use, now_s)
        for limit, use in zip(limits, uses, strict=True)
        if limit.rule.subject in shared
    ]
    if not lines:
        return "**At this rate:** this server has no limit; `/budget set` makes one."
    return _bounded(["**At this rate**", *lines])


def _projected(limit: Limit, use: Use, now_s: float) -> str:
    unit = limit.amount.unit
    full_s = full_at_s(limit, use, now_s)
    used = f"{budget_wording.shown(use.total, unit)} of {budget_wording.amount(limit.amount)}"
    if use.total >= limit.amount.most:
        state = "used up"
    elif full_s is None:
        state = "lasts until it renews"
    else:
        style = "t" if full_s - now_s < 12 * 3600 else "f"
        state = f"at this rate used up by <t:{full_s}:{style}>"
    return f"- {_whose(limit).capitalize()}: {used}; {state}; renews {budget_wording.renews(limit)}"


def _whose(limit: Limit) -> str:
    within = limit.rule.origin
    here = "in this channel" if within is not None and within.scope is Scope.CHANNEL else "in this server"
    target = limit.rule.target
    return {
        Subject.BOT: "the whole bot",
        Subject.SERVER: "this server",
        Subject.CHANNEL: "these direct messages" if limit.is_direct else "this channel",
        Subject.ROLE: f"people with the role <@&{target}> {here}",
        Subject.PERSON: "you" if within is None else f"you {here}",
        Subject.FALLBACK: "you, with the smaller model",
    }[limit.rule.subject]


def drawn(view: View, channel_name: Callable[[int], str], person_name: Callable[[int], str]) -> Chart:
    """Return the chart: in US dollars if any cost is known, else in tokens."""
    costs = bool(total(view.plain_rows).micro_usd)

    def value(counts: Counts) -> float:
        return counts.micro_usd / MICRO_USD if costs else float(counts.tokens)

    days = days_of(view.period, view.today)
    by_model_and_day = by(view.plain_rows, lambda row: (row.model, row.day))
    by_model = by(view.plain_rows, lambda row: row.model)
    series = [
        Series(model, tuple(value(by_model_and_day.get((model, day), Counts())) for day in days))
        for model in by_model
    ]
    channels = [
        (chart.OTHER if channel is None else channel_name(channel), value(counts))
        for channel, counts in view.by_channel.items()
    ]
    panels: list[Bars] = [chart.bars("By channel", channels)]
    if view.server is not None:
        people = by(view.plain_rows, lambda row: row.person)
        panels.append(
            chart.bars("By person", [(_own(person_name(each)), value(people[each])) for each in people])
        )
    if len(days) == 1 or view.server is None:
        panels.insert(0, chart.bars("By model", [(model, value(by_model[model])) for model in by_model]))
    whose = "Your usage" if view.server is None else view.server
    what = "cost" if costs else "tokens"
    return Chart(
        f"{whose}: {what}, {_PERIODS[view.period]} (UTC)",
        "USD" if costs else "tokens",
        tuple(_day_label(day, first=not at) for at, day in enumerate(days)),
        chart.stacked(series),
        tuple(panels),
    )


def _own(name: str) -> str:
    """Return a name that cannot be confused with the bar of all others."""
    return f"({name})" if name == chart.OTHER else name


def _day_label(day: dt.date, *, first: bool) -> str:
    """Return the number of a day, with the month for the first day of the chart and of each month."""
    return f"{day.day}\n{day:%b}" if first or day.day == 1 else str(day.day)


def described(view: View) -> str:
    """Return the alternative text of the chart."""
    sums = total(view.plain_rows)
    parts = "day, model and channel" if view.server is None else "day, model, channel and person"
    return (
        f"Bars by {parts}, {_PERIODS[view.period]}: {_several(sums.messages, 'message')}, {sums.tokens:,} tokens, "
        f"{dollars(sums.micro_usd)}."
    )


def _bounded(lines: Sequence[str]) -> str:
    """Join as many lines as fit into a message, and say how many are left out."""
    for count in range(len(lines), 0, -1):
        left_out = len(lines) - count
        text = "\n".join([*lines[:count], *([f"… and {left_out} more lines."] if left_out else [])])
        if len(text) <= MOST_CHARS:
            return text
    return ""
