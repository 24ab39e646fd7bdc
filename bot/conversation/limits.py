"""What one person may have of the bot at a time, and what becomes of a message beyond that."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's limits for each person; 0 is no limit.

    `threads_per_minute` are new threads in a server, `turns_per_person` replies that are written at the same time,
    `refusals` the score of abuse above which a person is paused in a server, see `abuse_score`.
    """

    threads_per_minute: int = 0
    turns_per_person: int = 0
    refusals: float = 0.0


@dataclass(frozen=True, slots=True)
class Paused:
    """Nothing is answered to the person until a time (ms); `is_first`: they are yet to be told."""

    until_ms: int
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class TooManyThreads:
    """The person may open another thread from a time on (ms); `is_first`: they are to be told in this minute."""

    until_ms: int
    is_first: bool = False


Limited = Paused | TooManyThreads


def when(at_ms: int) -> str:
    """Write a time as Discord shows it: relative to now, and never before it."""
    return f"<t:{-(-at_ms // 1000)}:R>"
