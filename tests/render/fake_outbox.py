"""A Discord at our own seam: keeps messages, takes its time, and fails when told to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.render.controls import NONE, Controls
from bot.render.outbox import Change, Outgoing, Seen, Sent
from bot.render.upload import Attached, Upload


@dataclass(slots=True)
class Done:
    """One call as Discord saw it; `at` is the loop's time when it took effect."""

    what: str
    at: float
    channel_id: int
    message_id: int = 0
    content: str = ""
    nonce: str = ""
    files: tuple[str, ...] = ()
    controls: Controls | None = None


@dataclass(slots=True)
class FakeOutbox:
    """Each call takes effect after half of `round_trip_s` and returns after the other half.

    `failures` are raised by the next posts, edits and deletes, one each (None: that one goes well); with
    `stores_failed` they have taken effect all the same. `refuses_files` is raised where there are any,
    `refuses_threads` where one is started, which takes until `opening` is set. `on_call` is told of each that took
    effect; `dropped` counts posts that did not come to their end.
    """

    round_trip_s: float = 0.15
    stores_failed: bool = False
    failures: deque[Exception | None] = field(default_factory=deque)
    calls: list[Done] = field(default_factory=list)
    messages: dict[int, str] = field(default_factory=dict)
    files: dict[int, tuple[Attached, ...]] = field(default_factory=dict)
    uploaded: dict[int, Upload] = field(default_factory=dict)
    controls: dict[int, Controls] = field(default_factory=dict)
    nonces: dict[str, int] = field(default_factory=dict)
    replies_to: dict[int, int | None] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    opening: asyncio.Event | None = None
    refuses_threads: Exception | None = None
    refuses_files: Exception | None = None
    not_now: Exception | None = None
    on_call: Callable[[Done], None] | None = None
    next_id: int = 1000
    dropped: int = 0

    def texts(self) -> list[str]:
        """What the thread shows, in order."""
        return [self.messages[message_id] for message_id in sorted(self.messages)]

    def seen(self, what: str) -> list[Done]:
        """The calls of one sort."""
        return [done for done in self.calls if done.what == what]

    def check_history(self, channel_id: int) -> None:
        """Find that the history can be read."""

    async def send(self, channel_id: int, message: Outgoing) -> Sent:
        """Post, or bring back what the same nonce has posted."""
        self.dropped += 1  # until it returns
        await self._before(message.files)
        message_id = self.nonces.get(message.nonce)
        if message_id is None:
            message_id = self._new_id()
            self.files[message_id] = self._attach(message.files)
            self.controls[message_id] = message.controls
            names = tuple(each.name for each in message.files)
            self._take(
                Done(
                    "send",
                    0.0,
                    channel_id,
                    message_id,
                    message.content,
                    message.nonce,
                    names,
                    message.controls,
                )
            )
            self.nonces[message.nonce] = message_id
            self.replies_to[message_id] = message.reply_to
            if message.silent:
                self.silent.add(message_id)
        await self._after()
        self.dropped -= 1
        content = self.messages.get(message_id, message.content)
        return Sent(
            message_id,
            content,
            self.replies_to.get(message_id),
            self.files.get(message_id, ()),
            self.controls.get(message_id, NONE),
        )

    async def edit(self, channel_id: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        """Change a message."""
        await self._before(change.files)
        if change.keep is not None:
            old = tuple(each for each in self.files.get(message_id, ()) if each.id in change.keep)
            self.files[message_id] = (*old, *self._attach(change.files))
        if change.controls is not None:
            self.controls[message_id] = change.controls
        content = self.messages.get(message_id, "") if change.content is None else change.content
        names = tuple(each.name for each in change.files)
        self._take(Done("edit", 0.0, channel_id, message_id, content, "", names, change.controls))
        await self._after()
        return self.files.get(message_id, ())

    async def delete(self, channel_id: int, message_id: int) -> None:
        """Delete."""
        await self._before()
        self._take(Done("delete", 0.0, channel_id, message_id))
        await self._after()

    async def typing(self, channel_id: int) -> None:
        """Only noted."""
        self._note(Done("typing", 0.0, channel_id))

    def ready(self, channel_id: int, *, opens: bool = False, guild: int | None = None) -> None:  # noqa: ARG002
        """Say whether anything can be posted."""
        if self.not_now is not None:
            raise self.not_now

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Start a thread, once `opening` is set."""
        self._note(Done("open_thread", 0.0, channel, message, name))
        if self.opening is not None:
            await self.opening.wait()
        if self.refuses_threads is not None:
            raise self.refuses_threads

    async def own_messages(self, _place: int, after: int) -> tuple[Seen, ...]:
        """What there is after an id."""
        return tuple(
            Seen(
                message_id,
                text,
                self.replies_to.get(message_id),
                silent=message_id in self.silent,
                files=self.files.get(message_id, ()),
                controls=self.controls.get(message_id, NONE),
            )
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

    def _new_id(self) -> int:
        self.next_id += 1
        return self.next_id

    def _attach(self, files: tuple[Upload, ...]) -> tuple[Attached, ...]:
        made = tuple(Attached(self._new_id(), each.name, len(each.data)) for each in files)
        self.uploaded.update(zip((each.id for each in made), files, strict=True))
        return made

    async def _before(self, files: tuple[Upload, ...] = ()) -> None:
        await asyncio.sleep(self.round_trip_s / 2)
        if files and self.refuses_files is not None:
            raise self.refuses_files
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
