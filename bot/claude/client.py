"""The one shared Claude client."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx2
import structlog
from anthropic import AsyncAnthropic, DefaultAioHttpClient

from bot.claude import retries, wire
from bot.claude.attempt import Attempts
from bot.claude.bounds import bound_whole
from bot.claude.catalogue import CHECK_TIMEOUT_S, Catalogue, today_utc
from bot.claude.request_metrics import RequestMetrics
from bot.claude.translate import translated
from bot.claude.trouble import Trouble
from bot.conversation.errors import (
    ClaudeBusy,
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeUnreachable,
)
from bot.conversation.request import AskedAgain, Finished, Started, TextDelta, Waiting

if TYPE_CHECKING:
    import datetime as dt
    from types import TracebackType
    from typing import Self

    from bot.conversation.model import ModelInfo
    from bot.conversation.request import Request, StreamEvent
    from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

# A server that takes longer to accept a connection is down; the next try may meet another one.
CONNECT_TIMEOUT_S = 10.0
# Counting is an estimate's replacement, not worth a longer wait.
COUNT_TIMEOUT_S = 10.0


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
        self._tries = tries
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        # The streams' own limits are tighter; this one only catches what they do not wrap.
        timeout = httpx2.Timeout(max(first_text_timeout_s, stall_timeout_s), connect=CONNECT_TIMEOUT_S)
        # The SDK's other HTTP client takes twice as much of the processor for each event of a stream.
        self._sdk = AsyncAnthropic(
            api_key=api_key,
            base_url=base_url,
            max_retries=0,
            timeout=timeout,
            http_client=DefaultAioHttpClient(event_hooks={"response": [bound_whole]}),
        )
        self._trouble = Trouble()
        self.catalogue = Catalogue(self._sdk, successor=successor, today=today)
        self._metrics = RequestMetrics(metrics, self.catalogue)
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
                async with aclosing(self._attempts.stream(request)) as events:
                    async for event in events:
                        text_seen = text_seen or isinstance(event, TextDelta)
                        started = started or isinstance(event, Started)
                        if isinstance(event, Finished):
                            self._trouble.went_well(request.model)
                        yield event
            except ClaudeModelUnknown as error:
                self._metrics.ended(request.model, type(error).__name__)
                raise self.catalogue.gone(request.model, error) from error.__cause__
            except (ClaudeBusy, ClaudeUnreachable) as error:
                self._metrics.ended(request.model, type(error).__name__)
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
                self._metrics.ended(request.model, type(error).__name__)
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
