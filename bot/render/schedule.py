"""Decides when each call to Discord may begin, so that Discord never refuses a call: pure, the clock is an argument.

Discord allows 5 posts and edits per 5 s in a channel and 50 calls per second to a bot (Discord, topics/rate-limits;
discord-api-docs, issues 1442 and 2375). Calls that only show more text never take the last token of a channel, so
that the end of a reply need not wait. Discord counts a call at some moment between its beginning and its end.
Therefore a call counts here until a whole window has passed since its end: no delay in the network can make too many
calls meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf

from bot.render.window import Window

# The window of the whole bot; the margin is for clocks that differ.
TOTAL_WINDOW_S = 1.02
# Of 50: the margin is small, because every request is counted here. Processes that share a bot have a part each.
TOTAL_MAX_PER_S = 48
# The limit of calls that show more text; the rest is left to first texts and last edits ...
PATIENT_MAX_PER_S = 25
# ... and their minimal rate after they have waited this long for urgent calls: 200 first texts at once take less.
PATIENCE_S = 5.0
PATIENT_MIN_PER_S = 5
# A channel's window and a round trip of 0.15 s, divided by the 4 calls that leave one token unused: closer calls
# would only be followed by a longer pause.
EDIT_INTERVAL_MIN_S = 1.31
# The rate of edits of all replies together; it stays below PATIENT_MAX_PER_S, so that edits do not queue.
EDITS_ALL_PER_S = 22


class Kind(Enum):
    """The purpose of a call."""

    FIRST = auto()  # the first text of a reply
    PART = auto()  # another post or edit for which a person waits
    LAST = auto()  # a call without which the reply is incomplete
    DELETE = auto()
    FILL = auto()  # the end of a message that is continued in the next message
    EDIT = auto()  # more text, also in a further message
    OTHER = auto()  # any other call for which a person waits
    READ = auto()  # a request that can wait
    CHORE = auto()  # an edit for which no person waits
    TYPING = auto()


_URGENT = frozenset({Kind.FIRST, Kind.PART, Kind.LAST, Kind.DELETE, Kind.OTHER})
# The most calls in a channel's window before a call of each kind; kinds without an entry have other buckets.
_PLACE_MAX = {Kind.FIRST: 5, Kind.PART: 5, Kind.LAST: 5, Kind.FILL: 4, Kind.EDIT: 4, Kind.CHORE: 3}


@dataclass(eq=False, slots=True)
class Call:
    """One call that waits, runs, or has ended; times are seconds on the caller's clock."""

    channel_id: int
    kind: Kind
    asked: float
    began: float = inf
    ended: float = inf
    # When its channel allows the call; infinity while that depends on a call in flight.
    ready: float = -inf
    # Whether a person waits for the call, to see the first text or the complete reply; every grant reads this often.
    urgent: bool = field(init=False)

    def __post_init__(self) -> None:
        self.urgent = self.kind in _URGENT


@dataclass(frozen=True, slots=True)
class Demand:
    """`occupied` are the calls that count; `wanted` are those, the calls that wait, and one for each stream."""

    occupied: int
    wanted: int


class Schedule:
    """The calls that wait, and the calls that count; `streams` is the number of replies that are being written."""

    def __init__(self, streams: int = 0) -> None:
        self._streams = streams
        self._limit = TOTAL_MAX_PER_S
        self._urgent: dict[Call, None] = {}
        self._patient: dict[Call, None] = {}
        self._waiting: dict[int, list[Call]] = {}
        self._windows: dict[int, Window] = {}
        self._recent: list[Call] = []
        self._sweep_at_windows = 256

    @property
    def streams(self) -> int:
        """The number of replies that are being written."""
        return self._streams

    @streams.setter
    def streams(self, streams: int) -> None:
        self._streams = streams
        self._set_edits_ready()

    @property
    def limit(self) -> int:
        """The most calls that may count at a time."""
        return self._limit

    @limit.setter
    def limit(self, limit: int) -> None:
        if limit != self._limit:
            self._limit = limit
            self._set_edits_ready()

    def demand(self, now: float) -> Demand:
        """Return how many calls there are, and are to be expected."""
        self._forget(now)
        waiting = len(self._urgent) + len(self._patient)
        return Demand(len(self._recent), len(self._recent) + waiting + self._streams)

    def is_short(self, now: float) -> bool:
        """Whether a call waits for the limit."""
        self._forget(now)
        if len(self._recent) < self._limit or self._limit >= TOTAL_MAX_PER_S:
            return False
        return any(call.ready <= now for call in (*self._urgent, *self._patient))

    def _set_edits_ready(self) -> None:
        for call in self._patient:
            if call.kind is Kind.EDIT:
                self._set_ready(call)

    @property
    def edit_interval_s(self) -> float:
        """The least time between two edits of a reply: it widens smoothly as more replies are written."""
        return max(EDIT_INTERVAL_MIN_S, self.streams / (EDITS_ALL_PER_S * self._part))

    @property
    def _part(self) -> float:
        """The part of all calls that these may be."""
        return max(1, self._limit) / TOTAL_MAX_PER_S

    def ask(self, channel_id: int, kind: Kind, now: float) -> Call:
        """Queue a call."""
        call = Call(channel_id, kind, now)
        (self._urgent if call.urgent else self._patient)[call] = None
        self._waiting.setdefault(channel_id, []).append(call)
        self._set_ready(call)
        return call

    def try_now(self, channel_id: int, kind: Kind, now: float) -> Call | None:
        """Begin a call that is not worth a wait, if there is room for it and for one call of each written reply."""
        self._forget(now)
        if self._urgent or len(self._recent) + self.streams >= self._limit:
            return None
        call = Call(channel_id, kind, now)
        self._begin(call, now)
        return call

    def end(self, call: Call, now: float) -> None:
        """Note that a call has returned, or is not needed any more."""
        self._stop_waiting(call)
        call.ended = now
        if (window := self._windows.get(call.channel_id)) is not None:
            window.changed()
        self._window_changed(call.channel_id)
        if len(self._windows) > self._sweep_at_windows:
            for channel_id, window in list(self._windows.items()):
                if window.forget(now):
                    del self._windows[channel_id]
            self._sweep_at_windows = 2 * len(self._windows) + 256

    def grant(self, now: float) -> list[Call]:
        """Begin calls and return them: urgent calls first, chores last, each in the order of `ask`."""
        self._forget(now)
        urgent, patient = self._ready(self._urgent, now), self._ready(self._patient, now)
        patient.sort(key=lambda call: call.kind is Kind.CHORE)
        most_patient, least_patient = self._of_all(PATIENT_MAX_PER_S), self._of_all(PATIENT_MIN_PER_S)
        reserved = least_patient if any(self._is_overdue(call, now) for call in patient) else 0
        began = sum(call.urgent for call in self._recent)
        room = min(self._limit - len(self._recent), self._limit - reserved - began)
        granted = self._begin_some(urgent, room, now)
        most = reserved if len(granted) < len(urgent) else most_patient
        began = sum(not call.urgent for call in self._recent)
        room = min(self._limit - len(self._recent), most - began)
        return granted + self._begin_some(patient, room, now)

    def next_at(self, now: float) -> float:
        """When to call `grant` again unless a call is asked for or ends before; infinity for never."""
        self._forget(now)
        waiting = [*self._urgent, *self._patient]
        if not waiting:
            return inf
        ready = min(call.ready for call in waiting)
        if ready > now:
            return ready
        # A ready call waits only for the limit of the whole bot, which has room when a recent call leaves its window.
        # A call in flight is reported by `end`.
        return min((call.ended for call in self._recent), default=now) + TOTAL_WINDOW_S

    def _of_all(self, calls: int) -> int:
        return max(1, round(calls * self._part))

    def _ready(self, waiting: dict[Call, None], now: float) -> list[Call]:
        return [call for call in waiting if call.ready <= now]

    def _is_overdue(self, call: Call, now: float) -> bool:
        """Whether only urgent calls have kept the call waiting, for PATIENCE_S."""
        return max(call.asked, call.ready) + PATIENCE_S <= now

    def _begin_some(self, calls: list[Call], room: int, now: float) -> list[Call]:
        """Begin at most `room` of the calls whose channels still allow them."""
        begun: list[Call] = []
        for call in calls:
            if len(begun) >= room:
                break
            if call.ready <= now:
                begun.append(self._begin(call, now))
        return begun

    def _begin(self, call: Call, now: float) -> Call:
        self._stop_waiting(call)
        call.began = now
        self._recent.append(call)
        if call.kind in _PLACE_MAX:
            self._windows.setdefault(call.channel_id, Window()).begin(call)
            self._window_changed(call.channel_id)
        return call

    def _stop_waiting(self, call: Call) -> None:
        waiting = self._urgent if call.urgent else self._patient
        if call in waiting:
            del waiting[call]
            self._waiting[call.channel_id].remove(call)
            if not self._waiting[call.channel_id]:
                del self._waiting[call.channel_id]

    def _window_changed(self, channel_id: int) -> None:
        for call in self._waiting.get(channel_id, ()):
            self._set_ready(call)

    def _set_ready(self, call: Call) -> None:
        most = _PLACE_MAX.get(call.kind)
        if most is None or (window := self._windows.get(call.channel_id)) is None:
            call.ready = -inf
            return
        call.ready = window.full_until(most)
        if call.kind is Kind.EDIT:
            spaced = window.last_began + self.edit_interval_s
            call.ready = max(call.ready, min(spaced, window.full_until(1)))

    def _forget(self, now: float) -> None:
        self._recent = [call for call in self._recent if call.ended + TOTAL_WINDOW_S > now]
