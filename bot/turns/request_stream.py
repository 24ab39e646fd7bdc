"""Single requests to Claude, until an interrupt ends them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from bot.conversation import status_wording
from bot.conversation.citations import WebSource
from bot.conversation.errors import BobbinError, BudgetReached, ClaudeError, ClaudeFileGone
from bot.conversation.request import (
    BlockStarted,
    Cited,
    Finished,
    NewAttempt,
    Queued,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    ToolCalled,
    Usage,
    Waiting,
)
from bot.conversation.request_cost import Purpose
from bot.conversation.server_calls import ran_server_tools
from bot.conversation.server_tools import status_of
from bot.conversation.visible import is_blank
from bot.turns.metered_claude import MeteredClaude

log = structlog.get_logger()

T = TypeVar("T")

SUMMARY_S = 60.0
"""A longer summary would delay the reply after it too much."""

MAX_SUMMARY_CHARS = 4000
"""The request asks for 300 words; a much longer text is no summary."""


def discard(_text: object) -> None:
    """Ignore what is not shown."""


@dataclass(slots=True)
class Sent:
    """What is known of a request: the usage that was reported, when it was sent (ms), whether Claude has read it."""

    usage: Usage = field(default_factory=Usage)
    asked_ms: int = 0
    was_read: bool = False


class RequestStream:
    """Makes requests; `interrupt` drops the request in flight and prevents further ones.

    `show_status` gets a line for people during phases without text. `inline` holds the bytes of inline files, as
    base64 by digest. `found_file_gone` is set if the latest summary failed because a file is gone.
    """

    def __init__(
        self,
        claude: MeteredClaude,
        interrupt: asyncio.Future[BobbinError],
        show_status: Callable[[str], None],
        now_s: Callable[[], float],
        inline: Mapping[str, str],
    ) -> None:
        self._claude = claude
        self._interrupt = interrupt
        self._show_status = show_status
        self._now_s = now_s
        self._inline = inline
        self.found_file_gone = False

    async def count(self, request: Request | None) -> int | None:
        """Count the tokens of a request; None without a request or an answer."""
        return None if request is None else await self._unless_interrupted(self._counted(request))

    async def summary(
        self, request: Request, most: Usage | None = None
    ) -> tuple[str | None, tuple[Usage, ...]]:
        """Return a summary of the turns that a trim drops, None if there is none, and the usage.

        The request may use `most`.
        """
        if self._interrupt.done():
            return None, ()
        self._show_status(status_wording.SUMMARIZING)
        return await self._unless_interrupted(self._summarized(request, most)) or (None, ())

    async def _end_of(
        self,
        request: Request,
        purpose: Purpose,
        most: Usage | None,
        push: Callable[[str], None],
        sent: Sent,
        cite: Callable[[tuple[WebSource, ...]], None] = discard,
    ) -> Finished | BobbinError:
        """Make one request, and return how it ended: an error of the API and an interrupt are ends too."""
        end = await self._unless_interrupted(
            self._streamed(request, purpose, most, push, self._show_status, sent, cite)
        )
        return self._interrupt.result() if end is None else end

    async def _unless_interrupted(
        self, step: Coroutine[Any, Any, T], break_off: Callable[[], None] | None = None
    ) -> T | None:
        """Await a step; an interrupt drops the step and returns None.

        With `break_off` an interrupt calls that, and the step comes to its own end.
        """
        if self._interrupt.done():
            step.close()  # awaiting the step would start it
            return None
        task = asyncio.ensure_future(step)
        try:
            waited: tuple[asyncio.Future[Any], ...] = (task, self._interrupt)
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and break_off is not None:
                break_off()
                return await task
            return task.result() if task.done() else None
        finally:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()  # an exception that nobody looks at is logged with its text

    async def _counted(self, request: Request) -> int | None:
        try:
            return await self._claude.count_tokens(replace(request, inline=self._inline))
        except ClaudeError as error:
            log.info("tokens_not_counted", detail=str(error))
            return None

    async def _summarized(self, request: Request, most: Usage | None) -> tuple[str | None, tuple[Usage, ...]]:
        text: list[str] = []
        end: Finished | BobbinError | TimeoutError
        try:
            async with asyncio.timeout(SUMMARY_S):
                end = await self._streamed(request, "summary", most, text.append, discard, Sent())
        except TimeoutError as error:
            end = error
        self.found_file_gone = isinstance(end, ClaudeFileGone)
        if isinstance(end, BudgetReached):
            return None, ()
        if not isinstance(end, Finished):
            log.warning("summary_failed", kind=type(end).__name__, detail=str(end))
            return None, ()
        summary = "".join(text).strip()
        log.info(
            "summary_made",
            stop_reason=end.stop_reason,
            chars=len(summary),
            input_tokens=end.usage.input_total,
            cache_read_tokens=end.usage.cache_read,
        )
        sound = end.stop_reason == "end_turn" and not is_blank(summary) and len(summary) <= MAX_SUMMARY_CHARS
        return summary if sound else None, (end.usage,)

    async def _streamed(
        self,
        request: Request,
        purpose: Purpose,
        most: Usage | None,
        push: Callable[[str], None],
        show_status: Callable[[str], None],
        sent: Sent,
        cite: Callable[[tuple[WebSource, ...]], None] = discard,
    ) -> Finished | BobbinError:
        """Push the deltas, keep `sent` up to date and return how the stream ended."""
        sent.asked_ms = self._now_ms()
        request = replace(request, inline=self._inline)
        try:
            async with aclosing(self._claude.stream(request, purpose, most)) as events:
                async for event in events:
                    sent.was_read |= isinstance(event, (Started, TextDelta, Finished))
                    if (refused := self._refusal(event)) is not None:
                        return refused
                    if line := _status(event):
                        show_status(line)
                    match event:
                        case Started(usage=usage):
                            sent.usage = usage
                        case TextDelta(text=delta):
                            push(delta)
                        case Cited(sources=sources):
                            cite(sources)
                        case Finished():
                            sent.usage = _of_prompt(sent.usage, event)
                            return event
                        case Waiting():
                            log.info("claude_retried", seconds=round(event.seconds, 1), attempt=event.attempt)
                        case NewAttempt():
                            sent.usage, sent.asked_ms, sent.was_read = Usage(), self._now_ms(), False
        except (ClaudeError, BudgetReached) as error:
            return error
        return ClaudeError("the stream ended without an end")

    def _refusal(self, _event: StreamEvent) -> BobbinError | None:
        """Return why a request is ended because of an event, None if it goes on (a hook)."""
        return None

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)


def _status(event: StreamEvent) -> str | None:
    """Return the line for the phase that an event begins."""
    match event:
        case BlockStarted(kind=kind):
            return status_wording.PHASES.get(kind)
        case ToolCalled(call=call):
            doing = status_of(call)
            return None if doing is None else status_wording.tool_status(doing)
        case Queued(before=before):
            return status_wording.queued(before)
        case Waiting():
            return status_wording.BUSY
    return None


def _of_prompt(started: Usage, end: Finished) -> Usage:
    """Return the usage of the prompt that was sent.

    With results of server tools, the whole usage is the sum of several prompts; later requests extend the first one.
    """
    return replace(started, output=0, thinking=0) if ran_server_tools(end.blocks) else end.usage
