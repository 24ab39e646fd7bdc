"""The queue in front of the API: so many requests at once as it takes, the others wait in a fair order."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncGenerator, Callable, Mapping

import structlog

from bot.claude.concurrency import Concurrency
from bot.conversation.errors import ClaudeBusy, ClaudeError
from bot.conversation.fair_queue import Caller, FairQueue, Ticket
from bot.conversation.request import Finished, Started, StreamEvent

log = structlog.get_logger()

PAUSE_S = 0.5
"""Those that wait are held back for so long after a refusal without `retry-after`: an overload refuses within
milliseconds, and would go through all of them. The refused request itself comes back no sooner (`retries.WAITS`)."""

ARRIVAL_BITS = 40
"""Those who have asked in the same millisecond are served by the order of arrival."""

LOOK_S = 1.0
"""How often a request that waits looks at how many are before it."""


class _Line:
    """The requests for one model: Anthropic counts each by itself."""

    def __init__(self, ceiling: int, clock: Callable[[], float]) -> None:
        self.concurrency = Concurrency(ceiling)
        self.queue: FairQueue[asyncio.Event] = FairQueue()
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None

    def let_in(self) -> None:
        """Let those in for whom there is room, and come back when requests are no longer held."""
        now_s = self._clock()
        while len(self.queue) and self.concurrency.begin(now_s):
            self.queue.take().set()
        held_s = self.concurrency.held_s(now_s)
        if self._timer is None and len(self.queue) and held_s:
            self._timer = asyncio.get_running_loop().call_later(held_s, self._held_no_longer)

    def _held_no_longer(self) -> None:
        self._timer = None
        self.let_in()


class QueuedRequest:
    """One request's way through the queue; further attempts at it keep its place among those that wait."""

    def __init__(self, line: _Line, ticket: Ticket, model: str, clock: Callable[[], float]) -> None:
        self._line = line
        self._ticket = ticket
        self._model = model
        self._clock = clock
        self._runs = False
        self._began_s = 0.0

    async def wait(self) -> AsyncGenerator[int, None]:
        """Wait until the request may be sent; yields how many are before it, again when these are half as many."""
        line, let_in = self._line, asyncio.Event()
        line.queue.add(self._ticket, let_in)
        told: int | None = None
        try:
            line.let_in()
            while not let_in.is_set():
                before = line.queue.before(self._ticket)
                if told is None or before <= told // 2 < told:
                    told = before
                    yield before
                try:
                    async with asyncio.timeout(LOOK_S):
                        await let_in.wait()
                except TimeoutError:
                    line.let_in()
            self._runs, self._began_s = True, self._clock()
        finally:
            if not self._runs:
                line.queue.remove(self._ticket)
                if let_in.is_set():  # let in at the moment at which the caller left
                    self._runs = True
                    self.leave()

    def told(self, headers: Mapping[str, str]) -> None:
        """Read the headers of the response."""
        self._line.concurrency.told(self._clock(), headers)

    def note(self, event: StreamEvent) -> None:
        """Read an event: the first one raises the limit, the last one makes room for the next request."""
        match event:
            case Started():
                self._line.concurrency.accepted(self._clock())
                self._line.let_in()
            case Finished():
                self.leave()

    def failed(self, error: ClaudeError) -> None:
        """Lower the limit where the API wants fewer requests; other failures tell nothing about their number."""
        if not (isinstance(error, ClaudeBusy) and (error.rate_limited or error.overloaded)):
            return
        concurrency = self._line.concurrency
        hold_s = error.retry_after or (PAUSE_S if len(self._line.queue) else None)
        if concurrency.refused(self._clock(), self._began_s, hold_s, overloaded=error.overloaded):
            log.info("claude_requests_lowered", model=self._model, at_once=concurrency.limit)

    def leave(self) -> None:
        """Make room for the next request; a repeated call does nothing."""
        if self._runs:
            self._runs = False
            self._line.concurrency.running -= 1
            self._line.let_in()


class RequestQueue:
    """The queues of one API key, one for each model; `ceiling` is the most requests at once for each.

    Within a server the requests of those who have asked first come first. So a further request of a reply, after a
    call of a tool for example, does not wait for all who have asked meanwhile.
    """

    def __init__(
        self,
        ceiling: int,
        clock: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._ceiling = ceiling
        self._clock = clock
        self._now_s = now_s
        self._numbers = itertools.count()
        self._lines: dict[str, _Line] = {}

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return sum(len(line.queue) for line in self._lines.values())

    @property
    def running(self) -> int:
        """How many requests run."""
        return sum(line.concurrency.running for line in self._lines.values())

    def set_ceiling(self, ceiling: int) -> None:
        """Change the most requests at once; those that run go on."""
        self._ceiling = ceiling
        for line in self._lines.values():
            line.concurrency.set_ceiling(ceiling)
            line.let_in()

    def request(self, model: str, caller: Caller) -> QueuedRequest:
        """Begin the way of a request, which waits nowhere yet."""
        line = self._lines.get(model)
        if line is None:
            line = self._lines[model] = _Line(self._ceiling, self._clock)
        asked_ms = caller.asked_ms or round(1000 * self._now_s())
        number = (asked_ms << ARRIVAL_BITS) + next(self._numbers)
        return QueuedRequest(line, Ticket(number, caller), model, self._clock)
