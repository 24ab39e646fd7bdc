"""Which call to Discord may go when, so that none is ever refused: pure, the clock is an argument.

Discord allows 5 posts and edits per 5 s in a channel and 50 calls per second to a bot (facts of its
documentation and of its maintainers' answers: topics/rate-limits; issues 1442, 2375). What shows more text, in an
edit or in a further message, leaves the last token of a channel alone, so that an end need not wait for it. Discord
counts a call at some moment between its beginning and its end, so here each counts until a whole window has passed
since its end: no delay on the way makes too many of them meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf

# The window of a channel's bucket is 5 s; some more for clocks that differ.
PLACE_WINDOW_S = 5.1
# The window of the whole bot, with some more for the same reason.
TOTAL_WINDOW_S = 1.02
# Of 50: whatever goes over the wire asks here, so little has to be left.
TOTAL_MAX_PER_S = 48
# Calls that show more text leave at least so much to first texts and last edits ...
PATIENT_MAX_PER_S = 25
# ... and, once they have waited so long for those, go on at this rate: 200 first texts at once take less.
PATIENCE_S = 5.0
PATIENT_MIN_PER_S = 5
# A channel's window and a round trip of 0.15 s, divided by the 4 calls that leave a token to spare: closer calls
# would only be followed by a longer pause.
EDIT_INTERVAL_MIN_S = 1.31
# What all streams together make of PATIENT_MAX_PER_S, so that they do not queue.
EDITS_ALL_PER_S = 22


class Kind(Enum):
    """What a call is for."""

    FIRST = auto()  # the first text of a reply
    PART = auto()  # what else is posted or edited while somebody waits for it
    LAST = auto()  # what stands between a reply and its being complete
    DELETE = auto()
    FILL = auto()  # the end of a message that has been continued in the next
    EDIT = auto()  # more text, be it in a further message
    OTHER = auto()  # whatever else somebody waits for
    READ = auto()  # what can wait
    CHORE = auto()  # an edit that nobody waits for
    TYPING = auto()


_URGENT = frozenset({Kind.FIRST, Kind.PART, Kind.LAST, Kind.DELETE, Kind.OTHER})
# How many calls a channel may have had in its window before one of this kind; other kinds have other buckets.
_PLACE_MAX = {Kind.FIRST: 5, Kind.PART: 5, Kind.LAST: 5, Kind.FILL: 4, Kind.EDIT: 4, Kind.CHORE: 3}


@dataclass(eq=False, slots=True)
class Call:
    """One call that waits, runs, or has ended; times are seconds on the caller's clock."""

    place: int
    kind: Kind
    asked: float
    began: float = inf
    ended: float = inf

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for it to see anything at all, or the end of it."""
        return self.kind in _URGENT


@dataclass(slots=True)
class Schedule:
    """The calls that wait and those that count; `streams` is the number of replies that are being written."""

    streams: int = 0
    _urgent: dict[Call, None] = field(default_factory=dict)
    _patient: dict[Call, None] = field(default_factory=dict)
    _places: dict[int, list[Call]] = field(default_factory=dict)
    _recent: list[Call] = field(default_factory=list)
    _sweep_at_places: int = 256

    @property
    def edit_interval_s(self) -> float:
        """The least time between two edits of a reply: it widens smoothly as more replies are written."""
        return max(EDIT_INTERVAL_MIN_S, self.streams / EDITS_ALL_PER_S)

    def ask(self, place: int, kind: Kind, now: float) -> Call:
        """Queue a call."""
        call = Call(place, kind, now)
        (self._urgent if call.urgent else self._patient)[call] = None
        return call

    def try_now(self, place: int, kind: Kind, now: float) -> Call | None:
        """Begin a call that is not worth waiting, if each reply that is being written could still have one."""
        self._forget(now)
        if self._urgent or len(self._recent) + self.streams >= TOTAL_MAX_PER_S:
            return None
        call = Call(place, kind, now)
        self._begin(call, now)
        return call

    def end(self, call: Call, now: float) -> None:
        """A call has returned, or is not wanted any more."""
        self._urgent.pop(call, None)
        self._patient.pop(call, None)
        call.ended = now
        if len(self._places) > self._sweep_at_places:
            for place in list(self._places):
                self._history(place, now)
            self._sweep_at_places = 2 * len(self._places) + 256

    def grant(self, now: float) -> list[Call]:
        """The calls that begin now: urgent ones first, chores last, each in the order in which they asked."""
        self._forget(now)
        urgent, patient = self._ready(self._urgent, now), self._ready(self._patient, now)
        patient.sort(key=lambda call: call.kind is Kind.CHORE)
        reserved = PATIENT_MIN_PER_S if any(self._is_overdue(call, now) for call in patient) else 0
        began = sum(call.urgent for call in self._recent)
        room = min(TOTAL_MAX_PER_S - len(self._recent), TOTAL_MAX_PER_S - reserved - began)
        granted = self._begin_some(urgent, room, now)
        most = reserved if len(granted) < len(urgent) else PATIENT_MAX_PER_S
        began = sum(not call.urgent for call in self._recent)
        room = min(TOTAL_MAX_PER_S - len(self._recent), most - began)
        return granted + self._begin_some(patient, room, now)

    def next_at(self, now: float) -> float:
        """When to ask `grant` again, if nothing is asked and nothing ends before; infinity if never."""
        self._forget(now)
        waiting = [*self._urgent, *self._patient]
        if not waiting:
            return inf
        ready = min(self._ready_at(call, now) for call in waiting)
        if ready > now:
            return ready
        # Something waits for nothing but the second's share, which is freed as calls leave the last second; what
        # runs still will say so by itself.
        return min((call.ended for call in self._recent), default=now) + TOTAL_WINDOW_S

    def _ready(self, waiting: dict[Call, None], now: float) -> list[Call]:
        return [call for call in waiting if self._ready_at(call, now) <= now]

    def _is_overdue(self, call: Call, now: float) -> bool:
        """Whether it has waited long for nothing but urgent calls."""
        return max(call.asked, self._ready_at(call, now)) + PATIENCE_S <= now

    def _begin_some(self, calls: list[Call], room: int, now: float) -> list[Call]:
        """Begin at most `room` of them, each as long as its channel still allows it."""
        begun: list[Call] = []
        for call in calls:
            if len(begun) >= room:
                break
            if self._ready_at(call, now) <= now:
                begun.append(self._begin(call, now))
        return begun

    def _begin(self, call: Call, now: float) -> Call:
        self._urgent.pop(call, None)
        self._patient.pop(call, None)
        call.began = now
        self._recent.append(call)
        if call.kind in _PLACE_MAX:
            self._places.setdefault(call.place, []).append(call)
        return call

    def _ready_at(self, call: Call, now: float) -> float:
        """Since when its own channel allows a call, or from when on; infinity while that hangs on one under way."""
        most = _PLACE_MAX.get(call.kind)
        history = self._history(call.place, now) if most is not None else []
        if most is None or not history:
            return 0.0
        ready = _full_until(history, most)
        return ready if call.kind is not Kind.EDIT else max(ready, history[-1].began + self.edit_interval_s)

    def _history(self, place: int, now: float) -> list[Call]:
        """A channel's calls that may still count."""
        history = self._places.get(place)
        if history is None:
            return []
        kept = [call for call in history if call.ended + PLACE_WINDOW_S > now]
        if kept:
            self._places[place] = kept
        else:
            del self._places[place]
        return kept

    def _forget(self, now: float) -> None:
        self._recent = [call for call in self._recent if call.ended + TOTAL_WINDOW_S > now]


def _full_until(calls: list[Call], most: int) -> float:
    """When fewer than `most` of them count; Discord counted each between its beginning and its end."""
    if len(calls) < most:
        return 0.0
    return sorted(call.ended for call in calls)[len(calls) - most] + PLACE_WINDOW_S
