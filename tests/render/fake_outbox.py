"""A Discord at our own seam: keeps messages, takes its time, and fails when told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.render.outbox import Outgoing, Seen, Sent


@dataclass(slots=True)
class Done:
    """One call as Discord saw it; `at` is the loop's time when it took effect."""

    what: str
    at: float
    place: int
    message_id: int = 0
    content: str = ""
    nonce: str = ""


@dataclass(slots=True)
class FakeOutbox:
    """Each call takes effect after half of `round_trip_s` and returns after the other half.

    `failures` are raised by the next posts, edits and deletes, one each (None: that one goes well); with
    `stores_failed` they have taken effect all the same. `on_call` is told of each that took effect.
    """

    round_trip_s: float = 0.15
    stores_failed: bool = False
    failures: deque[Exception | None] = field(default_factory=deque)
    calls: list[Done] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    replies_to: dict[int, int | None] = field(default_factory=dict)
    on_call: Callable[[Done], None] | None = None
    next_id: int = 1000

    def texts(self) -> list[str]:
        """What the thread shows, in order."""
        return [self.messages[message_id] for message_id in sorted(self.messages)]

    def seen(self, what: str) -> list[Done]:
        """The calls of one sort."""
        return [done for done in self.calls if done.what == what]

    async def send(self, place: int, message: Outgoing) -> Sent:
        """Post, or bring back what the same nonce has posted."""
        await self._before()
        message_id = self.nonces.get(message.nonce)
        if message_id is None:
            self.next_id += 1
            message_id = self.next_id
            self._take(Done("send", 0.0, place, message_id, message.content, message.nonce))
            self.nonces[message.nonce] = message_id
            self.replies_to[message_id] = message.reply_to
        await self._after()
        content = self.messages.get(message_id, message.content)
        return Sent(message_id, content, self.replies_to.get(message_id))

    async def edit(self, place: int, message_id: int, content: str) -> None:
        """Replace a text."""
        await self._before()
        self._take(Done("edit", 0.0, place, message_id, content))
        await self._after()

    async def delete(self, place: int, message_id: int) -> None:
        """Delete."""
        await self._before()
        self._take(Done("delete", 0.0, place, message_id))
        await self._after()

    async def typing(self, place: int) -> None:
        """Only noted."""
        self._note(Done("typing", 0.0, place))

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Replies are written into threads that are there."""
        raise NotImplementedError

    async def own_messages(self, _place: int, after: int) -> tuple[Seen, ...]:
        """What there is after an id."""
        return tuple(
            Seen(message_id, text, self.replies_to.get(message_id), silent=False)
            for message_id, text in sorted(self.messages.items())
            if message_id > after
        )

    def _take(self, done: Done) -> None:
        if done.what == "delete":
            self.messages.pop(done.message_id, None)
        else:
            self.messages[done.message_id] = done.content
        self._note(done)

    def _note(self, done: Done) -> None:
        done.at = asyncio.get_running_loop().time()
        self.calls.append(done)
        if self.on_call is not None:
            self.on_call(done)

    async def _before(self) -> None:
        await asyncio.sleep(self.round_trip_s / 2)
        if not self.stores_failed:
            self._fail()

    async def _after(self) -> None:
        await asyncio.sleep(self.round_trip_s / 2)
        if self.stores_failed:
            self._fail()

    def _fail(self) -> None:
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
