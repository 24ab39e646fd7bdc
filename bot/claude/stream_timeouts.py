"""How long to wait for the next event of a stream: pure.

An open stream can fail in two ways, and each has its own limit.

- *No event arrives.* The API sends a `ping` from time to time even while the model thinks, so a silent connection is
  dead: the limit is `first_s` until the first event, and `stall_s` between two events after that. Any event counts.
- *Only pings arrive.* Newer models do not show their thinking, so a valid stream may consist of pings for as long as
  the model thinks; but a proxy that sends pings for a dead server would hold a thread for ever. The limit for the
  first text allows for thinking, so `first_s` also bounds the time between two events that are not pings, from the
  sending of the request on. That limit is never less than `stall_s`: a stream with pings must not get less time than
  a stream without.

While a tool runs at Anthropic, nothing may arrive at all: such a wait is bounded by `first_s`, too.
"""

from __future__ import annotations


class StreamTimeouts:
    """The limits of one stream, in seconds; the reader reports each wait and each event.

    Only waiting counts: a slow reader must not cause a timeout. Several waits may pass until an event is complete.
    """

    def __init__(self, *, first_s: float, stall_s: float) -> None:
        self._first_s = first_s
        self._stall_s = stall_s
        self._waited_s = 0.0
        self._quiet_s = 0.0
        self._begun = False
        self._runs_tool = False

    def remaining_s(self) -> float:
        """Return how long the next event may take from now on; the result may be negative."""
        if not self._begun:
            return self._first_s - self._waited_s
        longest_s = max(self._first_s, self._stall_s)
        quiet_s = longest_s if self._runs_tool else self._stall_s
        return min(quiet_s - self._quiet_s, longest_s - self._waited_s)

    def waited(self, seconds: float) -> None:
        """Add the duration of a wait."""
        self._waited_s += seconds
        self._quiet_s += seconds

    def tool_runs(self, *, runs: bool) -> None:
        """Note whether a tool runs at Anthropic."""
        self._runs_tool = runs

    def received(self, event_type: object) -> None:
        """Note that an event has arrived."""
        self._begun = True
        self._quiet_s = 0.0
        if event_type != "ping":
            self._waited_s = 0.0
