"""One attempt at a reply: one request to the Messages API, and its stream."""

from __future__ import annotations

import asyncio
import itertools
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import structlog
from anthropic import APIStatusError

from bot.claude import wire
from bot.claude.bounds import Bounds
from bot.claude.events import EventReader
from bot.claude.gathering import gathering_of
from bot.claude.read_moments import ReadMoments
from bot.claude.reply import Reply
from bot.claude.request_phases import RequestPhases
from bot.claude.stream_timeouts import StreamTimeouts
from bot.claude.text_deltas import merged
from bot.claude.translate import from_event, translated
from bot.claude.wait_timer import WaitTimer
from bot.conversation.errors import ClaudeError, ClaudeUnreachable
from bot.conversation.request import BlockStarted, Cited, Finished, Started, TextDelta, ToolCalled

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.lib.streaming import AsyncMessageStream, AsyncMessageStreamManager

    from bot.claude.request_metrics import RequestMetrics
    from bot.conversation.request import Request

log = structlog.get_logger()

AttemptEvent = Started | TextDelta | Cited | BlockStarted | ToolCalled | Finished

# After `message_stop` only the end of the body is missing. Reading it leaves the connection fit for the next
# request; a server that does not end the body must not delay the reply.
DRAIN_TIMEOUT_S = 0.1
# The first visible text must not wait, and the first delta is often half a word or part of some markup.
GATHER_AFTER_CHARS = 64


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts; `first_s` and `stall_s` bound the waits within a stream (see `StreamTimeouts`)."""

    sdk: AsyncAnthropic
    metrics: RequestMetrics
    first_s: float
    stall_s: float
    clock: Callable[[], float]
    moments: ReadMoments = field(default_factory=ReadMoments)

    async def stream(
        self, request: Request, answered: Callable[[Mapping[str, str]], None]
    ) -> AsyncGenerator[AttemptEvent, None]:
        """Send the request once and yield its events, `Finished` last; raises any ClaudeError.

        The text of all deltas that arrive together is one `TextDelta`. `answered` is called with the headers of the
        response, also of a refusal, which tells most about the limits.
        """
        started_at = self.clock()
        phases = RequestPhases(request.parameters.model)
        first_text_at: float | None = None
        characters = 0
        timeouts = StreamTimeouts(first_s=self.first_s, stall_s=self.stall_s)
        reply = Reply(request.breakpoints.newest if request.breakpoints is not None else None)
        bounds = Bounds(request.parameters.max_tokens, self.first_s)
        async with AsyncExitStack() as stack:
            stack.push(phases.failed)
            stack.enter_context(translated())
            # The input is paid for, however the attempt ends.
            stack.callback(self.metrics.used, reply)
            async with asyncio.timeout(timeouts.remaining_s()):
                stream = await self._begun(stack, request, answered)
            timeouts.waited(self.clock() - started_at)
            request_id = stream.request_id
            gathering = gathering_of(stream.response, self.moments)
            body = bounds.bounded(stream.response)
            pieces = await stack.enter_async_context(aclosing(self._pieces(body, timeouts)))
            reader = EventReader()
            async for piece in pieces:
                bounds.check_duration(self.clock() - started_at)
                arrived = _Arrived(reply, bounds)
                try:
                    for event in merged(reader.feed(piece)):
                        kind = event["type"]
                        timeouts.received(kind)
                        if kind == "error":
                            raise from_event(event, request_id)
                        arrived.take(event)
                        timeouts.tool_runs(runs=reply.runs_tool)
                        if reply.stopped:
                            break
                except (ClaudeError, ValueError) as error:
                    arrived.failure = error
                for new in arrived.events():
                    if isinstance(new, TextDelta):
                        first_text_at = self.clock() if first_text_at is None else first_text_at
                        phases.text()
                        characters += len(new.text)
                        # The end of the body must not be held back behind the end of the message.
                        waits = characters < GATHER_AFTER_CHARS and not self.moments.is_crowded
                        if gathering is not None and not waits and not reply.stopped:
                            gathering.start()
                    yield new
                if arrived.failure is not None:
                    raise arrived.failure
                if reply.stopped:
                    await _drain(pieces)
                    break
        finished = reply.finished(request_id)
        phases.finished(finished)
        if finished is None:
            raise ClaudeUnreachable("the stream ended before the reply did", request_id=request_id)
        first_text_s = None if first_text_at is None else first_text_at - started_at
        log.info(
            "claude_replied",
            model=finished.model,
            stop_reason=finished.stop_reason,
            request_id=finished.request_id,
            input_tokens=finished.usage.input_total,
            cache_read_tokens=finished.usage.cache_read,
            output_tokens=finished.usage.output,
            first_text_s=None if first_text_s is None else round(first_text_s, 3),
            total_s=round(self.clock() - started_at, 3),
        )
        self.metrics.replied(request.parameters.model, finished.stop_reason, first_text_s)
        yield finished

    async def _begun(
        self, stack: AsyncExitStack, request: Request, answered: Callable[[Mapping[str, str]], None]
    ) -> AsyncMessageStream[None]:
        try:
            stream = await stack.enter_async_context(self._open(request))
        except APIStatusError as error:
            answered(error.response.headers)
            raise
        answered(stream.response.headers)
        return stream

    def _open(self, request: Request) -> AsyncMessageStreamManager[None]:
        # The SDK warns of a deprecated model at every call; the catalogue does so daily. Nothing is awaited in
        # here, so that no other task sees the filter.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return self.sdk.messages.stream(**wire.stream_arguments(request))

    async def _pieces(
        self, response: httpx2.Response, timeouts: StreamTimeouts
    ) -> AsyncGenerator[bytes, None]:
        # The SDK's own iteration hides pings, which are the only sign of life while a model thinks.
        pieces, timer = response.aiter_bytes(), WaitTimer()
        try:
            while True:
                asked_at = self.clock()
                piece = await timer.wait(anext(pieces, None), timeouts.remaining_s())
                timeouts.waited(self.clock() - asked_at)
                if piece is None:
                    return
                yield piece
        finally:
            timer.close()


class _Arrived:
    """The events that one piece of the stream adds to the reply."""

    def __init__(self, reply: Reply, bounds: Bounds) -> None:
        self._reply = reply
        self._bounds = bounds
        self._was_started = reply.started is not None
        self._begun = len(reply.begun)
        self._called = len(reply.called)
        self._cited = len(reply.cited)
        self._parts: list[str | Cited | ToolCalled] = []
        self.failure: ClaudeError | ValueError | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Process one event."""
        if text := self._reply.feed(event):
            self._bounds.count_text(text)
            self._parts.append(text)
        self._parts += map(Cited, self._reply.cited[self._cited :])
        self._cited = len(self._reply.cited)
        self._parts += map(ToolCalled, self._reply.called[self._called :])
        self._called = len(self._reply.called)

    def events(self) -> list[AttemptEvent]:
        """Return the new events, in the order of a reply."""
        events: list[AttemptEvent] = []
        if self._reply.started is not None and not self._was_started:
            events.append(Started(self._reply.started))
        events.extend(map(BlockStarted, self._reply.begun[self._begun :]))
        for is_text, group in itertools.groupby(self._parts, lambda each: isinstance(each, str)):
            if is_text:
                events.append(TextDelta("".join(map(str, group))))
            else:
                events.extend(each for each in group if not isinstance(each, str))
        return events


async def _drain(pieces: AsyncIterator[object]) -> None:
    with suppress(TimeoutError, ValueError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            async for _ in pieces:
                pass
