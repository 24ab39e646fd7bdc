"""The one shared Claude client."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, suppress
from typing import TYPE_CHECKING, Any

import httpx2
import structlog
from anthropic import AsyncAnthropic, DefaultAioHttpClient

from bot.claude import retries, wire
from bot.claude.bounds import Bounds, bound_whole
from bot.claude.catalogue import CHECK_TIMEOUT_S, Catalogue, today_utc
from bot.claude.events import EventReader
from bot.claude.models import family
from bot.claude.patience import Patience
from bot.claude.reply import Reply
from bot.claude.translate import from_event, translated
from bot.claude.trouble import Trouble
from bot.claude.watch import Watch
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeUnreachable,
)
from bot.conversation.request import AskedAgain, Finished, Started, TextDelta, Thinking, Waiting
from bot.telemetry.metrics import OTHER, STOP_REASONS

if TYPE_CHECKING:
    import datetime as dt
    from types import TracebackType
    from typing import Self

    from anthropic.lib.streaming import AsyncMessageStreamManager

    from bot.conversation.model import ModelInfo
    from bot.conversation.request import Request, StreamEvent
    from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

# A server that takes longer to accept a connection is down; the next try may meet another one.
CONNECT_TIMEOUT_S = 10.0
# Counting is an estimate's replacement, not worth a longer wait.
COUNT_TIMEOUT_S = 10.0
# After `message_stop` only the end of the body is missing. Reading it leaves the connection fit for the next
# request; a server that does not end the body shall not delay the reply.
DRAIN_TIMEOUT_S = 0.1

# For how long deltas are gathered, for each stream that is open: the more there are, the rarer may a text be shown.
# A shorter time than the least holds no more than a delta or two.
GATHER_EACH_S = 0.001
GATHER_LEAST_S = 0.04


class Claude:
    """The shared client: streams replies, counts tokens, knows what a model can do.

    `first_text_timeout_s` and `stall_timeout_s` bound the waits within a stream (see `patience`), `tries` how
    often a request that may be paid for is sent in all (see `retries`). `successor` is
    the model to name when one is no more, None for the newest of its line. Raises ClaudeKeyRefused if no server
    could accept the key.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        first_text_timeout_s: float,
        stall_timeout_s: float,
        tries: int = 3,
        successor: str | None = None,
        metrics: Metrics | None = None,
        today: Callable[[], dt.date] = today_utc,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and api_key and " " not in api_key):
            # It cannot stand in a header, and the HTTP client would quote it in its complaint.
            raise ClaudeKeyRefused("the key is empty or holds a character that no key holds")
        self._first_s = first_text_timeout_s
        self._stall_s = stall_timeout_s
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        # The streams' own limits are tighter; this one only catches what they do not wrap.
        timeout = httpx2.Timeout(max(self._first_s, self._stall_s), connect=CONNECT_TIMEOUT_S)
        # The SDK's other HTTP client takes twice as much of the processor for each event of a stream.
        self._sdk = AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=DefaultAioHttpClient(event_hooks={"response": [bound_whole]}),
        )
        self._metrics = metrics
        self._trouble = Trouble()
        self._streams = 0
        self.catalogue = Catalogue(self._sdk, successor=successor, today=today)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._sdk.close()

    async def stream(self, request: Request) -> AsyncGenerator[StreamEvent, None]:
        """Stream the reply: `TextDelta`s, and `Finished` at the end.

        Before each further try there are `Waiting` and `AskedAgain`. In each, `Started` comes where the API tells at
        once what it has read, and `Thinking` where the model thinks before it writes.

        Before the first text, ClaudeBusy and ClaudeUnreachable are tried again (`attempt` is the number of
        the try to come); after it nothing is, since the text is visible already. Raises any ClaudeError.
        Closing the generator, or cancelling whoever iterates it, ends the API call at once: iterate it within
        `contextlib.aclosing`.
        """
        failed = lost_tries = 0
        waited_s = 0.0
        while True:
            text_seen = started = False
            asked_at = self._clock()
            try:
                async with aclosing(self._try(request)) as events:
                    async for event in events:
                        text_seen = text_seen or isinstance(event, TextDelta)
                        started = started or isinstance(event, Started)
                        yield event
            except ClaudeModelUnknown as error:
                self._count(request, type(error).__name__)
                raise self.catalogue.gone(request.model, error) from error.__cause__
            except (ClaudeBusy, ClaudeUnreachable) as error:
                self._count(request, type(error).__name__)
                failed += 1
                lost = started or (isinstance(error, ClaudeUnreachable) and error.sent)
                lost_tries += lost
                waited_s += 0.0 if lost else self._clock() - asked_at
                wait_s = retries.wait_s(
                    error,
                    failed=failed,
                    lost=lost_tries,
                    waited_s=waited_s,
                    tries=self._tries,
                    jitter=self._jitter(),
                )
                if text_seen or wait_s is None:
                    raise
                # Once for each request: a minute's waiting of many threads would fill the log.
                log.log(
                    logging.WARNING if failed == 1 else logging.INFO,
                    "claude_retry",
                    error=type(error).__name__,
                    detail=str(error),
                    attempt=failed + 1,
                    wait_s=round(wait_s, 1),
                )
            except ClaudeError as error:
                self._count(request, type(error).__name__)
                self._trouble.failed(error, request.model)
                raise
            else:
                return
            yield Waiting(seconds=wait_s, attempt=failed + 1, lost=lost)
            await self._sleep(wait_s)
            waited_s += wait_s
            yield AskedAgain()

    async def count_tokens(self, request: Request) -> int:
        """The input tokens of `request` as the API estimates them; one try, raises any ClaudeError."""
        with translated():
            async with asyncio.timeout(COUNT_TIMEOUT_S):
                answer = await self._sdk.messages.with_raw_response.count_tokens(
                    **wire.count_arguments(request)
                )
                body = json.loads(await answer.text())
        count = body.get("input_tokens") if isinstance(body, dict) else None
        if not isinstance(count, int):
            raise ClaudeUnreachable("an answer without a token count")
        return count

    async def check_model(self, model: str, *, timeout_s: float = CHECK_TIMEOUT_S) -> ModelInfo | None:
        """What `model` can do, or None where nobody knows; see `Catalogue.check`."""
        return await self.catalogue.check(model, timeout_s=timeout_s)

    async def _try(self, request: Request) -> AsyncGenerator[Started | TextDelta | Thinking | Finished, None]:
        started_at = self._clock()
        first_text_at: float | None = None
        patience = Patience(first_s=self._first_s, stall_s=self._stall_s)
        reply = Reply(request.breakpoints.newest if request.breakpoints is not None else None)
        bounds = Bounds(request.max_tokens, self._first_s)
        thinking = started = False
        async with AsyncExitStack() as stack:
            stack.enter_context(translated())
            # What was read is paid for, however it ends.
            stack.callback(self._count_tokens, reply)
            self._streams += 1
            stack.callback(self._stream_ended)
            async with asyncio.timeout(patience.left_s()):
                stream = await stack.enter_async_context(self._open(request))
            patience.waited(self._clock() - started_at)
            request_id = stream.request_id
            body = bounds.body(stream.response)
            events = await stack.enter_async_context(aclosing(self._events(body, patience)))
            async for event in events:
                bounds.took(self._clock() - started_at)
                if event.get("type") == "error":
                    raise from_event(event, request_id)
                if text := reply.feed(event):
                    bounds.read(text)
                    first_text_at = self._clock() if first_text_at is None else first_text_at
                    yield TextDelta(text)
                elif reply.thinking and not thinking:
                    thinking = True
                    yield Thinking()
                elif reply.started is not None and not started:
                    started = True
                    yield Started(reply.started)
                if reply.stopped:
                    await _drain(events)
                    break
        finished = reply.finished(request_id)
        if finished is None:
            raise ClaudeUnreachable("the stream ended before the reply did", request_id=request_id)
        self._trouble.went_well(request.model)
        now = self._clock()
        log.info(
            "claude_replied",
            model=finished.model,
            stop_reason=finished.stop_reason,
            request_id=finished.request_id,
            input_tokens=finished.usage.input_total,
            cache_read_tokens=finished.usage.cache_read,
            output_tokens=finished.usage.output,
            first_text_s=None if first_text_at is None else round(first_text_at - started_at, 3),
            total_s=round(now - started_at, 3),
        )
        self._count_reply(request, finished, None if first_text_at is None else first_text_at - started_at)
        yield finished

    def _stream_ended(self) -> None:
        self._streams -= 1

    def _count(self, request: Request, outcome: str) -> None:
        if self._metrics is not None:
            known = self.catalogue.find(request.model) is not None
            model = family(request.model) if known else OTHER
            self._metrics.claude_requests.labels(model=model, outcome=outcome).inc()

    def _count_reply(self, request: Request, finished: Finished, first_text_s: float | None) -> None:
        if self._metrics is None:
            return
        reason = finished.stop_reason
        self._count(request, reason if reason in STOP_REASONS else OTHER)
        if first_text_s is not None:
            self._metrics.first_text_seconds.observe(first_text_s)

    def _count_tokens(self, reply: Reply) -> None:
        finished = reply.finished(None)
        usage = reply.started if finished is None else finished.usage
        if self._metrics is None or usage is None:
            return
        self._metrics.used(
            {
                "input": usage.input,
                "cache_write_5m": usage.cache_write_5m,
                "cache_write_1h": usage.cache_write_1h,
                "cache_read": usage.cache_read,
                "thinking": usage.thinking,
                "text": max(0, usage.output - usage.thinking),
            }
        )

    def _open(self, request: Request) -> AsyncMessageStreamManager[None]:
        # The SDK warns of a deprecated model at every call; the catalogue says so daily. Nothing is
        # awaited in here, so that no other task sees the filter.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._sdk.messages.stream(**wire.stream_arguments(request))

    async def _events(
        self, response: httpx2.Response, patience: Patience
    ) -> AsyncGenerator[dict[str, Any], None]:
        # Not the SDK's own iteration: that one keeps pings to itself, which are the only sign of life while
        # a model thinks.
        pieces, reader, watch = response.aiter_bytes(), EventReader(), Watch()
        try:
            while True:
                asked_at = self._clock()
                piece = await watch.wait(anext(pieces, None), patience.left_s())
                patience.waited(self._clock() - asked_at)
                if piece is None:
                    return
                kind = None
                for event in reader.feed(piece):
                    kind = event["type"]
                    patience.saw(kind)
                    yield event
                gather_s = GATHER_EACH_S * self._streams
                if kind == "content_block_delta" and gather_s >= GATHER_LEAST_S:
                    # Several deltas cost little more than one. What came has been handed on already.
                    await asyncio.sleep(gather_s)
        finally:
            watch.close()


async def _drain(events: AsyncIterator[object]) -> None:
    with suppress(TimeoutError, ValueError, httpx2.HTTPError, httpx2.StreamError):
        async with asyncio.timeout(DRAIN_TIMEOUT_S):
            async for _ in events:
                pass
