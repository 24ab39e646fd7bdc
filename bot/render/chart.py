"""Draw a chart of amounts; a separate process draws it.

The pictures are made for the 550 by 350 pixels that Discord gives a picture, at two pixels each, on a ground of their
own, so that the chart can be read in the light theme and in the dark theme.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bot.render.drawing_process import run_drawing

MOST_SERIES = 9
"""More colours cannot be told apart, least of all by people who see fewer of them."""

OTHER = "other"
"""The series and the bar of what is left out; grey."""

MOST_BARS = 6

TIMEOUT_S = 30.0
"""A chart takes 0.9 s of a processor; on a busy machine the person waits rather than get none."""


@dataclass(frozen=True, slots=True)
class Series:
    """One colour: a value for each day."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A panel of bars, each with its name and its value."""

    title: str
    bars: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`unit` is `USD` or `tokens`; the `series` stand on top of each other over the `days`.

    A single day has no panel of its own. A name that the font lacks is replaced by its number in the panel.
    """

    title: str
    unit: str
    days: tuple[str, ...]
    series: tuple[Series, ...]
    panels: tuple[Bars, ...] = ()


def bars(title: str, found: Sequence[tuple[str, float]], most: int = MOST_BARS) -> Bars:
    """Return a panel with so many bars at most; what is left out is one more, as is what is named OTHER."""
    named = [each for each in found if each[0] != OTHER and each[1] > 0]
    shown, rest = named[:most], named[most:]
    other = sum(value for _, value in rest) + sum(value for name, value in found if name == OTHER)
    return Bars(title, (*shown, *([(OTHER, other)] if other > 0 else [])))


def stacked(found: Sequence[Series], most: int = MOST_SERIES) -> tuple[Series, ...]:
    """Return so many series at most; the others become one more."""
    if len(found) <= most:
        return tuple(found)
    kept, rest = found[: most - 1], found[most - 1 :]
    sums = tuple(sum(values) for values in zip(*(each.values for each in rest), strict=True))
    return (*kept, Series(OTHER, sums))


def amount(value: float, unit: str) -> str:
    """Write a value shortly."""
    if unit == "USD":
        if value >= 100:
            return f"${value:,.0f}"
        return f"${value:.2f}" if value >= 0.1 or not value else f"${value:.4f}".rstrip("0")
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + letter
    return f"{value:.0f}"


async def draw_chart(chart: Chart) -> bytes | None:
    """Draw a chart as a PNG; None if the process failed, or took too long."""
    order = json.dumps(asdict(chart)).encode()
    return await run_drawing("bot.render.chart_drawing", order, timeout_s=TIMEOUT_S) or None
