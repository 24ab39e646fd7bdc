"""Repeat a call that failed, with pauses from a schedule."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=Exception)

EXPONENT_MAX = 64
"""2.0 ** 2000 raises OverflowError; every schedule has reached its longest pause before."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The pauses between the tries of one call, in seconds, and when to give up.

    The first pause is `first_s`; each further pause is `factor` times as long, at most `longest_s`. `spread` is the
    random share of a pause, so that instances which failed together do not return together: 0.5 means that a pause
    is between half and all of its length. After `tries` failures, and after a failure later than `within_s` from the
    first try, the call is given up; None and infinity mean never.
    """

    first_s: float
    factor: float = 1.0
    longest_s: float = math.inf
    spread: float = 0.0
    tries: int | None = None
    within_s: float = math.inf

    def pause_s(self, failures: int, jitter: float = 1.0) -> float:
        """Return the pause after this many failures in a row; `jitter` is random in [0, 1]."""
        pause_s = min(self.first_s * self.factor ** min(failures - 1, EXPONENT_MAX), self.longest_s)
        return pause_s * (1 - self.spread * (1 - jitter))

    def exhausted(self, failures: int, elapsed_s: float = 0.0) -> bool:
        """Return whether no further try follows after this many failures and this much time."""
        return (self.tries is not None and failures >= self.tries) or elapsed_s > self.within_s


async def retry(
    call: Callable[[], Awaitable[T]],
    schedule: Schedule,
    *,
    on: type[E] | tuple[type[E], ...],
    when: Callable[[E], bool] = lambda _: True,
    on_retry: Callable[[E, int], None] = lambda _error, _failures: None,
) -> T:
    """Return the result of `call`; repeat the call after an error `on` for which `when` is true.

    `on_retry` is called before each pause with the error and the number of failures so far. The last error is raised
    when the schedule is exhausted; any other error is raised at once.
    """
    clock = asyncio.get_running_loop().time
    began_s = clock()
    failures = 0
    while True:
        try:
            return await call()
        except on as error:
            failures += 1
            if not when(error) or schedule.exhausted(failures, clock() - began_s):
                raise
            on_retry(error, failures)
        await asyncio.sleep(schedule.pause_s(failures, random.random()))
