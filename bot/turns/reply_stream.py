"""The requests of one turn to Claude, until an interrupt ends them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import structlog

from bot.conversation import estimate, wording
from bot.conversation.citations import CitedText, WebSource
from bot.conversation.consulted import Consulted
from bot.conversation.container_files import ContainerFile, with_container_files
from bot.conversation.content import ends_in_tool
from bot.conversation.errors import (
    BobbinError,
    BudgetReached,
    ClaudeError,
    ClaudeFileGone,
    ClaudeRefusedRequest,
)
from bot.conversation.paragraph import as_paragraph
from bot.conversation.request import (
    BlockStarted,
    Cited,
    Finished,
    NewAttempt,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    ToolCalled,
    Usage,
    Waiting,
    without_thinking,
)
from bot.conversation.request_cost import Purpose
from bot.conversation.server_calls import consulted_of, ran_server_tools
from bot.conversation.server_tools import status_of
from bot.conversation.title import TitleReader, may_begin_with_title
from bot.conversation.visible import is_blank
from bot.turns.metered_claude import MeteredClaude
from bot.turns.reply_text import ReplyText
from bot.turns.tool_loop import ToolLoop

log = structlog.get_logger()

T = TypeVar("T")

SUMMARY_S = 60.0
"""A longer summary would delay the reply after it too much."""

MOST_PAUSES = 5
"""The requests that follow on pauses; Claude pauses after 10 steps with its tools (Anthropic, "Server tools")."""

MOST_REQUESTS = 60
"""The most requests that follow the first; the limit of a turn's tools, 50 steps at most, comes before."""

MAX_SUMMARY_CHARS = 4000
"""The request asks for 300 words; a much longer text is no summary."""


def _discard(_text: object) -> None:
    """Ignore what is not shown."""


@dataclass(slots=True)
class _Sent:
    usage: Usage = field(default_factory=Usage)
    asked_ms: int = 0
    was_read: bool = False


class ReplyStream:
    """Makes the requests of one turn; `interrupt` drops the request in flight and prevents further ones.

    `push` gets the text of the reply as it arrives, `show_status` a line for people during phases without text,
    `settle_title` the title that the reply begins with, None if the reply has none. `inline` holds the bytes of
    inline files, as base64 by digest. `tools` answers the calls of tools that run here, `given` are files for
    Claude's code. `found_file_gone` is set if
    the latest summary failed because a file is gone.
    """

    def __init__(
        self,
        claude: MeteredClaude,
        interrupt: asyncio.Future[BobbinError],
        push: Callable[[str], None],
        show_status: Callable[[str], None],
        settle_title: Callable[[str | None], None] = _discard,
        now_s: Callable[[], float] = time.time,
        inline: Mapping[str, str] | None = None,
        tools: ToolLoop | None = None,
        given: Sequence[ContainerFile] = (),
    ) -> None:
        self._claude = claude
        self._interrupt = interrupt
        self._push = push
        self._show_status = show_status
        self._settle_title = settle_title
        self._now_s = now_s
        self._inline = inline or {}
        self._tools = tools
        self._given = given
        self._latest = _Sent()
        self._reply = ReplyText(push, settle_title, TitleReader(expected=False), CitedText())
        self.found_file_gone = False

    @property
    def title_line(self) -> str:
        """The text that was taken off the latest reply as a title; empty without one."""
        return self._reply.title.taken

    @property
    def consulted(self) -> tuple[Consulted, ...]:
        """What the latest reply has consulted."""
        return self._reply.consulted

    @property
    def made_files(self) -> tuple[str, ...]:
        """The ids of the files that the code of the latest reply has made."""
        return self._reply.made_files

    @property
    def used(self) -> Usage:
        """The reported usage of the latest request for the reply; without output if the stream broke off.

        Of a reply that paused, this is the usage of its first request, without output.
        """
        return self._latest.usage

    @property
    def was_read(self) -> bool:
        """Whether Claude is known to have read the latest request."""
        return self._latest.was_read

    @property
    def asked_ms(self) -> int:
        """When the latest request was sent, in ms since 1970; 0 without one."""
        return self._latest.asked_ms

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
        self._show_status(wording.SUMMARIZING)
        return await self._unless_interrupted(self._summarized(request, most)) or (None, ())

    async def reply(
        self, request: Request, purpose: Purpose = "reply", most: Usage | None = None, before: str = ""
    ) -> tuple[str, Finished | BobbinError]:
        """Return the text of the reply, and how it ended: an error of the API and an interrupt are ends too.

        The request may use `most`. The text is without the title that the request may ask for. A reply that pauses,
        or that calls tools, goes on by further requests. Those of an earlier attempt are not repeated. `before` is
        the text of a reply that is continued. Citations become links, with a list of the sources below the text.
        """
        runs_there = any(tool.runs_at_anthropic for tool in request.parameters.tools)
        reply = self._reply = ReplyText(
            self._push,
            self._settle_title,
            TitleReader(expected=may_begin_with_title(request)),
            CitedText(before, is_on=runs_there),
        )
        sent = self._latest = _Sent()
        request = with_container_files(request, self._given)
        loop = self._tools
        if (
            loop is not None
            and await self._unless_interrupted(loop.resume(self._show_status), loop.break_off) is None
        ):
            return "", self._interrupt.result()
        if loop is not None and loop.messages:  # of an earlier attempt
            said = [block for each in loop.messages if each.role == "assistant" for block in each.blocks]
            reply.resume(loop.text, said)
            reply.consulted = loop.consulted
            request = replace(request, container=loop.container)
            most = (
                None
                if most is None
                else estimate.behind(request.extended(loop.messages), most, loop.messages)
            )
        feed = _parted(reply.feed, behind=reply.text)
        request, end = await self._begun(request, purpose, most, feed, sent)
        reply.ended(end)
        pauses = 0
        for _ in range(MOST_REQUESTS):
            pauses += isinstance(end, Finished) and end.stop_reason == "pause_turn"
            if pauses > MOST_PAUSES:
                break
            following = await self._following(request, end, reply)
            if following is None or not isinstance(end, Finished):
                break
            if isinstance(following, BobbinError):
                end = following
                break
            most = estimate.of_continuation(following, end)
            # The history keeps the text of the reply alone, so later requests extend the first request only.
            sent.usage = replace(sent.usage, output=0, thinking=0)
            earlier, request = end, following
            behind = reply.text if ends_in_tool(earlier.blocks) else ""
            end = await self._end_of(
                request,
                "tool step" if earlier.stop_reason == "tool_use" else "continuation",
                most,
                _parted(reply.feed, behind=behind),
                _Sent(),
            )
            if isinstance(end, ClaudeRefusedRequest):
                # The API refused the content of the reply or of a tool, not the messages of people.
                end = (
                    earlier
                    if earlier.stop_reason == "pause_turn"
                    else ClaudeError(str(end), request_id=end.request_id)
                )
                break
            reply.ended(end)
        reply.close(end)
        return reply.text, end

    async def _begun(
        self,
        request: Request,
        purpose: Purpose,
        most: Usage | None,
        push: Callable[[str], None],
        sent: _Sent,
    ) -> tuple[Request, Finished | BobbinError]:
        """Make the first request, behind the steps of an earlier attempt; returns the request that was answered.

        Thinking is valid only behind the messages that it came behind. Where an edit has changed these meanwhile, or
        another model answers, the API refuses the request, and thinking is left out.
        """
        steps = () if self._tools is None else self._tools.messages
        behind = request.extended(steps)
        end = await self._end_of(behind, purpose, most, push, sent)
        if steps and type(end) is ClaudeRefusedRequest:
            log.info("thinking_left_out", request_id=end.request_id)
            behind = request.extended(without_thinking(steps))
            end = await self._end_of(behind, "retry", most, push, sent)
        return behind, end

    async def _following(
        self, request: Request, end: Finished | BobbinError, reply: ReplyText
    ) -> Request | BobbinError | None:
        """Return the request that goes on with a reply, the interrupt that came meanwhile, None at the reply's
        end."""
        if (
            not isinstance(end, Finished)
            or end.stop_reason not in ("pause_turn", "tool_use")
            or not end.blocks
        ):
            return None
        if self._tools is None:
            return request.after(end)
        log.info("claude_paused", request_id=end.request_id, stop_reason=end.stop_reason)
        came = reply.text[len(self._tools.text) :]
        known = len(self._tools.consulted)
        going_on = self._tools.go_on(end, came, self._show_status)
        results = await self._unless_interrupted(going_on, self._tools.break_off)
        ours = self._tools.consulted[known + len(consulted_of(end.blocks)) :]
        reply.consulted = (*reply.consulted, *ours)
        if results is None or self._interrupt.done():
            return self._interrupt.result()
        return request.after(end, results)

    async def _end_of(
        self,
        request: Request,
        purpose: Purpose,
        most: Usage | None,
        push: Callable[[str], None],
        sent: _Sent,
    ) -> Finished | BobbinError:
        end = await self._unless_interrupted(
            self._streamed(request, purpose, most, push, self._show_status, sent, self._reply.cite)
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
        end: Finished | ClaudeError | BudgetReached | TimeoutError
        try:
            async with asyncio.timeout(SUMMARY_S):
                end = await self._streamed(request, "summary", most, text.append, _discard, _Sent())
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
        sent: _Sent,
        cite: Callable[[tuple[WebSource, ...]], None] = _discard,
    ) -> Finished | ClaudeError | BudgetReached:
        """Push the deltas, keep `sent` up to date and return how the stream ended."""
        sent.asked_ms = self._now_ms()
        request = replace(request, inline=self._inline)
        try:
            async with aclosing(self._claude.stream(request, purpose, most)) as events:
                async for event in events:
                    sent.was_read |= isinstance(event, (Started, TextDelta, Finished))
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

    def _now_ms(self) -> int:
        return round(self._now_s() * 1000)


def _status(event: StreamEvent) -> str | None:
    """Return the line for the phase that an event begins."""
    match event:
        case BlockStarted(kind=kind):
            return wording.PHASES.get(kind)
        case ToolCalled(call=call):
            doing = status_of(call)
            return None if doing is None else wording.tool_status(doing)
        case Waiting():
            return wording.BUSY
    return None


def _of_prompt(started: Usage, end: Finished) -> Usage:
    """Return the usage of the prompt that was sent.

    With results of server tools, the whole usage is the sum of several prompts; later requests extend the first one.
    """
    return replace(started, output=0, thinking=0) if ran_server_tools(end.blocks) else end.usage


def _parted(feed: Callable[[str], None], *, behind: str) -> Callable[[str], None]:
    """Return a feed whose first text is a paragraph `behind` another text, if there is one."""

    def parted(delta: str) -> None:
        nonlocal behind
        if behind:
            delta = as_paragraph(behind, delta)
        if delta:
            behind = ""
        feed(delta)

    return parted if behind else feed
