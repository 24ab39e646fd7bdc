"""The replies by request: replies that a test queued, else the default."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .prompt import Body
from .reply import Reply
from .text import cut

Predicate = Callable[[Body], bool]
Answer = Callable[[Body], "str | Reply"]


@dataclass(slots=True)
class Line:
    """A queued reply; `left` None means that it never runs out."""

    reply: Reply
    fits: Predicate
    left: int | None


class Script:
    """Replies in the order in which they were queued; those with a predicate of their own come first."""

    def __init__(self, default: Answer) -> None:
        self.default = default
        self._queue: deque[Reply] = deque()
        self._lines: list[Line] = []

    def say(self, reply: Reply) -> None:
        """Queue a reply for the next request that no predicate claims."""
        self._queue.append(reply)

    def say_when(self, fits: Predicate, reply: Reply, times: int | None) -> None:
        """Keep a reply for requests that it fits."""
        self._lines.append(Line(reply, fits, times))

    def clear(self) -> None:
        """Forget every reply that was queued or kept."""
        self._queue.clear()
        self._lines.clear()

    def answer(self, body: Body) -> Reply:
        """The reply to a request; what was queued for it is used up."""
        for line in self._lines:
            if line.left != 0 and line.fits(body):
                line.left = None if line.left is None else line.left - 1
                return line.reply
        if self._queue:
            return self._queue.popleft()
        said = self.default(body)
        return said if isinstance(said, Reply) else Reply(cut(said))


def as_reply(said: str | Sequence[str] | Reply, pause_s: float | None = None) -> Reply:
    """A reply of a text, which is cut up, or of exact deltas."""
    if isinstance(said, Reply):
        return said
    return Reply(cut(said) if isinstance(said, str) else tuple(said), pause_s=pause_s)
