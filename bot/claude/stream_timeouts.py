"""How long a stream may keep us waiting for its next event: pure.

Two things can be wrong with an open stream, and each has its own limit.

- *Nothing arrives.* The API sends a `ping` now and then even while the model thinks, so a quiet connection
  is a dead one: `first_s` until the first event, `stall_s` between two events after it. Any event counts.
- *Only pings arrive.* Newer models do not show their thinking, so a healthy stream may hold nothing but
  pings for as long as the model thinks; but a proxy that pings on behalf of a dead server would hold a
  thread for ever. Thinking is what the wait for the first text allows for, so the same `first_s` bounds it:
  no more than that between two events that are not pings, from the sending of the request on. It is never
  less than `stall_s`, or a stream that pings would be given less time than one that does not.
"""

from __future__ import annotations


class StreamTimeouts:
    """The limits of one stream, in seconds; its owner reports each wait and each event.

    Only waiting counts: whoever reads the stream slowly must not find it given up for that. Several waits may go by
    until an event has come as a whole.
    """

    def __init__(self, *, first_s: float, stall_s: float) -> None:
        self._first_s = first_s
        self._stall_s = stall_s
        self._waited_s = 0.0
        self._quiet_s = 0.0
        self._begun = False

    def remaining_s(self) -> float:
        """How long the next event may take from now on; it may be negative."""
        if not self._begun:
            return self._first_s - self._waited_s
        return min(self._stall_s - self._quiet_s, max(self._first_s, self._stall_s) - self._waited_s)

    def waited(self, seconds: float) -> None:
        """So long has the stream been waited for."""
        self._waited_s += seconds
        self._quiet_s += seconds

    def received(self, event_type: object) -> None:
        """An event has arrived."""
        self._begun = True
        self._quiet_s = 0.0
        if event_type != "ping":
            self._waited_s = 0.0
