"""The calls of one channel that count against its rate limit."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.render.schedule import Call

# The window of a channel's bucket is 5 s; the rest is for clocks that differ.
WINDOW_S = 5.1


@dataclass(slots=True)
class Window:
    """The calls that may still count; Discord counts each call at some moment between its beginning and its end.

    `full_until` is called far more often than the calls change, so its results are kept until a change.
    """

    last_began: float = -inf
    _calls: list[Call] = field(default_factory=list)
    _full_until: dict[int, float] = field(default_factory=dict)

    def begin(self, call: Call) -> None:
        """Count a call."""
        self.forget(call.began)
        self._calls.append(call)
        self.last_began = call.began

    def changed(self) -> None:
        """Note that a call has ended."""
        self._full_until.clear()

    def forget(self, now: float) -> bool:
        """Forget the calls that no longer count; True if no call is left."""
        self._calls = [call for call in self._calls if call.ended + WINDOW_S > now]
        self._full_until.clear()
        return not self._calls

    def full_until(self, most: int) -> float:
        """When fewer than `most` calls count; infinity while that depends on a call in flight."""
        until = self._full_until.get(most)
        if until is None:
            ends = sorted(call.ended for call in self._calls)
            until = ends[len(ends) - most] + WINDOW_S if len(ends) >= most else -inf
            self._full_until[most] = until
        return until
