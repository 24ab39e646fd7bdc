"""The shared client of the Claude API."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx2
import structlog
from anthropic import AsyncAnthropic, DefaultAioHttpClient

from bot.claude import retries, wire
from bot.claude.attempt import Attempts
from bot.claude.bounds import bound_whole
from bot.claude.catalogue import CHECK_TIMEOUT_S, Catalogue, today_utc
from bot.claude.files import Files
from bot.claude.operator_errors import OperatorErrors
from bot.claude.request_metrics import RequestMetrics
from bot.claude.request_queue import RequestQueue
from bot.claude.tool_refusals import ToolRefusals
from bot.claude.translate import translated
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeContainerGone,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeUnreachable,
)
from bot.conversation.fair_queue import Caller
from bot.conversation.request import Finished, NewAttempt, Queued, Started, TextDelta, Waiting
from bot.tls import tls_context

if TYPE_CHECKING:
    import datetime as dt
    from types import TracebackType
    from typing import Self

    from bot.conversation.model import ModelInfo
    from bot.conversation.request import Request, StreamEvent
    from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

# A server that takes longer to accept a connection is down; the next attempt may reach another server.
CONNECT_TIMEOUT_S = 10.0
# The SDK's default of 5 s is shorter than the time in which people read a reply, and a new connection takes two round
# trips. Firewalls drop a connection that is idle for some minutes.
KEEP_ALIVE_S = 60.0
MOST_CONNECTIONS = 1000
NOBODY = Caller()
# A count replaces an estimate and is not worth a longer wait.
COUNT_TIMEOUT_S = 10.0


class Claude:
    """Streams replies, counts tokens and knows the capabilities of models.

    `first_text_timeout_s` and `stall_timeout_s` bound the waits within a stream (see `StreamTimeouts`). `tries` is
    the number of attempts that may be paid for (see `retries`), `requests_max` the most requests at once for each
    model. `successor` is the replacement for retired models, None for the newest model of the same line. `observe` is
    called with the outcome of each attempt. Raises ClaudeKeyRefused if no server can accept the key.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        first_text_timeout_s: float,
        stall_timeout_s: float,
        tries: int = 3,
        requests_max: int = MOST_CONNECTIONS,
        successor: str | None = None,
        metrics: Metrics | None = None,
        observe: Callable[[str], None] = lambda _: None,
        today: Callable[[], dt.date] = today_utc,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and api_key and " " not in api_key):
            # No header can hold such a key, and the HTTP client would quote the key in its error.
            raise ClaudeKeyRefused("the key is empty or contains a character that no key contains")
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        # Streams have tighter limits of their own; this timeout covers all other requests.
        timeout = httpx2.Timeout(max(first_text_timeout_s, stall_timeout_s), connect=CONNECT_TIMEOUT_S)
        # The SDK's default HTTP client takes twice as much processor time for each event of a stream.
        self._sdk = AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=DefaultAioHttpClient(
                limits=httpx2.Limits(max_connections=MOST_CONNECTIONS, keepalive_expiry=KEEP_ALIVE_S),
                event_hooks={"response": [bound_whole]},
                verify=tls_context(),
            ),
        )
        self._operator_errors = OperatorErrors()
        self.queue = RequestQueue(requests_max, clock)
        self.tool_refusals = ToolRefusals()
        self.files = Files(self._sdk)
        self.catalogue = Catalogue(self._sdk, successor=successor, today=today)
        self._metrics = RequestMetrics(metrics, self.catalogue, observe)
        self._attempts = Attempts(self._sdk, self._metrics, first_text_timeout_s, stall_timeout_s, clock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._sdk.close()

    async def stream(self, request: Request, caller: Caller = NOBODY) -> AsyncGenerator[StreamEvent, None]:
        """Stream the reply: `TextDelta`s, and `Finished` at the end.

        `Queued` precedes an attempt that waits for others (see `RequestQueue`), `Waiting` and `NewAttempt` precede
        each further attempt. An attempt begins with `Started` if the API reports the input usage at once;
        `BlockStarted` follows for each block that is no text, such as thinking.

        ClaudeBusy and ClaudeUnreachable before the first text lead to another attempt (`attempt` is its number).
        After the first text no error does, because the text is already visible. Raises any ClaudeError. Closing the
        generator, or cancelling the task that iterates it, ends the API call at once: iterate it within
        `contextlib.aclosing`.

        A request whose tools the server refuses is sent again without these, one whose container is gone without the
        container; the refused request has cost nothing.
        """
        asked = request
        request = self.tool_refusals.fit(request)
        failed = lost_tries = 0
        waited_s = 0.0
        queued = self.queue.request(request.parameters.model, caller)
        while True:
            text_seen = started = False
            async with aclosing(queued.wait()) as waits:
                async for before in waits:
                    yield Queued(before)
            asked_at = self._clock()
            try:
                async with aclosing(self._attempts.stream(request, queued.told)) as events:
                    async for event in events:
                        text_seen = text_seen or isinstance(event, TextDelta)
                        started = started or isinstance(event, Started)
                        queued.note(event)
                        if isinstance(event, Finished):
                            self._operator_errors.succeeded(request.parameters.model)
                            self.tool_refusals.accepted(asked, request)
                        yield event
            except ClaudeModelUnknown as error:
                self._metrics.ended(request.parameters.model, type(error).__name__)
                raise self.catalogue.gone(request.parameters.model, error) from error.__cause__
            except (ClaudeBusy, ClaudeUnreachable) as error:
                self._metrics.ended(request.parameters.model, type(error).__name__)
                queued.failed(error)
                kind = type(error).__name__
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
                self._metrics.waits(error, wait_s)
                # One warning for each request: many threads that wait for a minute would fill the log.
                log.log(
                    logging.WARNING if failed == 1 else logging.INFO,
                    "claude_retry",
                    error=type(error).__name__,
                    detail=str(error),
                    request_id=error.request_id,
                    attempt=failed + 1,
                    wait_s=round(wait_s, 1),
                )
            except ClaudeError as error:
                self._metrics.ended(request.parameters.model, type(error).__name__)
                reduced = None if started or text_seen else self._reduced(request, error)
                if reduced is None:
                    self._operator_errors.failed(error, request.parameters.model)
                    raise
                request = reduced
                continue
            else:
                return
            finally:
                queued.leave()
            yield Waiting(seconds=wait_s, attempt=failed + 1, lost=lost, error=kind)
            await self._sleep(wait_s)
            waited_s += wait_s
            yield NewAttempt()

    def _reduced(self, request: Request, error: ClaudeError) -> Request | None:
        """Return what is to be sent in place of a refused request, None for nothing."""
        if isinstance(error, ClaudeContainerGone) and request.container is not None:
            return replace(request, container=None)
        return self.tool_refusals.reduced(request, error) if isinstance(error, ClaudeRefusedRequest) else None

    async def count_tokens(self, request: Request) -> int:
        """Return the API's estimate of the input tokens of `request`; one attempt, raises any ClaudeError."""
        request = self.tool_refusals.fit(request)
        with translated():
            async with asyncio.timeout(COUNT_TIMEOUT_S):
                answer = await self._sdk.messages.with_raw_response.count_tokens(
                    **wire.count_arguments(request)
                )
                body = json.loads(await answer.text())
        count = body.get("input_tokens") if isinstance(body, dict) else None
        if not isinstance(count, int):
            raise ClaudeUnreachable("a response without a token count")
        return count

    async def check_model(self, model: str, *, timeout_s: float = CHECK_TIMEOUT_S) -> ModelInfo | None:
        """Return the capabilities of `model`, None if they are not known; see `Catalogue.check`."""
        return await self.catalogue.check(model, timeout_s=timeout_s)
