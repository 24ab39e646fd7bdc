"""A schedule of calls, with a clock of its own."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

from bot.render.schedule import (
    Call,
    Kind,
    Schedule,
)


@dataclass(slots=True)
class World:
    """Asks, grants and ends calls in the order of their times; each call takes `took_s` of its number."""

    schedule: Schedule = field(default_factory=Schedule)
    took_s: Callable[[int], float] = lambda _: 0.15
    now: float = 0.0
    granted: list[Call] = field(default_factory=list)
    asked_at: dict[Call, float] = field(default_factory=dict)
    then: dict[Call, Callable[[], None]] = field(default_factory=dict)
    events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    number: int = 0

    def at(self, when: float, event: Callable[[], None]) -> None:
        self.number += 1
        heapq.heappush(self.events, (when, self.number, event))

    def ask(self, channel_id: int, kind: Kind, then: Callable[[], None] = lambda: None) -> None:
        call = self.schedule.ask(channel_id, kind, self.now)
        self.asked_at[call] = self.now
        self.then[call] = then

    def run(self, until: float = inf) -> None:
        """Until nothing is left to happen."""
        for _ in range(200_000):
            self.grant()
            woken = self.schedule.next_at(self.now)
            event_at = self.events[0][0] if self.events else inf
            self.now = max(self.now, min(woken, event_at))
            if self.now >= until or self.now == inf:
                return
            while self.events and self.events[0][0] <= self.now:
                heapq.heappop(self.events)[2]()
        raise AssertionError("the schedule never comes to rest")

    def grant(self) -> None:
        for call in self.schedule.grant(self.now):
            took = self.took_s(len(self.granted))
            self.granted.append(call)
            self.at(self.now + took, lambda call=call: self.end(call))  # type: ignore[misc]

    def end(self, call: Call) -> None:
        self.schedule.end(call, self.now)
        self.then.pop(call, lambda: None)()


def stream(world: World, channel_id: int, until: float, edits: dict[int, int]) -> None:
    """A reply that always has more to show."""

    def again() -> None:
        edits[channel_id] = edits.get(channel_id, 0) + 1
        if world.now < until:
            world.ask(channel_id, Kind.EDIT, again)

    world.schedule.streams += 1
    world.ask(channel_id, Kind.FIRST, again)
