"""Generated patterns of arrival: the gaps in seconds between the messages of a conversation."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

MINUTE = 60.0
HOUR = 3600.0
JOINED_S = 10.0
Pattern = Callable[[random.Random], Iterator[float]]


def steady(gap_s: float) -> Pattern:
    """One message after the other, with a tenth of the gap as play."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            yield gap_s * chance.uniform(0.9, 1.1)

    return gaps


def bursts(chance: random.Random) -> Iterator[float]:
    """Talks of 5 to 25 messages, 15 to 90 s apart, with hours in between."""
    while True:
        for _ in range(chance.randint(4, 24)):
            yield chance.uniform(15, 90)
        yield chance.uniform(2 * HOUR, 14 * HOUR)


def short_talks(chance: random.Random) -> Iterator[float]:
    """A question and one or two more after the answer, then hours of silence."""
    while True:
        for _ in range(chance.randint(1, 3)):
            yield chance.uniform(30, 180)
        yield chance.uniform(3 * HOUR, 30 * HOUR)


def any_kind(short: float, middling: float) -> Pattern:
    """Each gap short, middling or long by chance, whatever came before."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            drawn = chance.random()
            if drawn < short:
                yield chance.uniform(10, 200)
            elif drawn < short + middling:
                yield chance.uniform(6 * MINUTE, 50 * MINUTE)
            else:
                yield chance.uniform(1.5 * HOUR, 20 * HOUR)

    return gaps


def log_normal(median_s: float, sigma: float) -> Pattern:
    """Gaps as people have them: many short, few very long."""

    def gaps(chance: random.Random) -> Iterator[float]:
        while True:
            yield median_s * chance.lognormvariate(0.0, sigma)

    return gaps


def phases(chance: random.Random) -> Iterator[float]:
    """Every 20 to 40 messages another of the steady patterns."""
    while True:
        gaps = steady(chance.choice([30.0, 4 * MINUTE, 20 * MINUTE, 24 * HOUR]))(chance)
        for _ in range(chance.randint(20, 40)):
            yield next(gaps)


def working_days(chance: random.Random) -> Iterator[float]:
    """Talks through the day with pauses of 10 to 50 minutes between them, and nights."""
    while True:
        for _ in range(chance.randint(3, 8)):
            for _ in range(chance.randint(2, 10)):
                yield chance.uniform(20, 150)
            yield chance.uniform(10 * MINUTE, 50 * MINUTE)
        yield chance.uniform(10 * HOUR, 16 * HOUR)


STEADY: dict[str, Pattern] = {
    "every 30 s": steady(30.0),
    "every 2 min": steady(2 * MINUTE),
    "every 4 min": steady(4 * MINUTE),
    "every 10 min": steady(10 * MINUTE),
    "every 20 min": steady(20 * MINUTE),
    "every 45 min": steady(45 * MINUTE),
    "every 2 h": steady(2 * HOUR),
    "one a day": steady(24 * HOUR),
}

ODDS = {
    "70 % short, 30 % middling": (0.7, 0.3, 1e-6),
    "50 % short, 50 % long": (0.5, 1e-6, 0.5),
    "60 % short, 25 % middling": (0.6, 0.25, 0.15),
    # The share of a normal distribution below ln(5 min / median) / 1.5, and so on.
    "log-normal, 3 min": (0.633, 0.344, 0.023),
    "log-normal, 30 min": (0.116, 0.562, 0.322),
}
"""The chances of short, middling and long gaps, where each gap is drawn by itself, whatever came before."""

MIXED: dict[str, Pattern] = {
    "bursts": bursts,
    "short talks": short_talks,
    "working days": working_days,
    "phases": phases,
    "70 % short, 30 % middling": any_kind(0.7, 0.3),
    "50 % short, 50 % long": any_kind(0.5, 0.0),
    "60 % short, 25 % middling": any_kind(0.6, 0.25),
    "log-normal, 3 min": log_normal(3 * MINUTE, 1.5),
    "log-normal, 30 min": log_normal(30 * MINUTE, 1.5),
}

_SAID = re.compile(r'conversation_id="(\w+)">\s*<ts>([^<]+)</ts>')


def logged(path: Path, *, apart: bool) -> list[list[float]]:
    """Return the gaps of a chat log: of each conversation in it `apart`, or of the whole channel as one.

    It is XML as the "Software-related Slack Chats" have it (github.com/preethac), with `ts` in ISO 8601. What comes
    within `JOINED_S` would be answered in one turn, and counts as one message.
    """
    times: dict[str, list[float]] = {}
    for conversation, said_at in _SAID.findall(path.read_text(encoding="utf-8", errors="replace")):
        moment = dt.datetime.fromisoformat(said_at).replace(tzinfo=dt.UTC).timestamp()
        times.setdefault(conversation if apart else "", []).append(moment)
    found = []
    for moments in times.values():
        turns = [moments[0]]
        for moment in sorted(moments):
            if moment - turns[-1] > JOINED_S:
                turns.append(moment)
        found.append([after - before for before, after in itertools.pairwise(turns)])
    return found
