"""The requests of one turn to Claude, until an interrupt ends them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from bot.conversation import estimate
from bot.conversation.citations import CitedText, WebSource
from bot.conversation.consulted import Consulted
from bot.conversation.container_files import ContainerFile, with_container_files
from bot.conversation.content import ends_in_tool
from bot.conversation.errors import (
    BobbinError,
    ClaudeError,
    ClaudeRefusedRequest,
    ServerToolUsedUp,
)
from bot.conversation.paragraph import as_paragraph
from bot.conversation.request import (
    Finished,
    NewAttempt,
    Request,
    Started,
    StreamEvent,
    ToolCalled,
    Usage,
)
from bot.conversation.request_cost import Purpose
from bot.conversation.server_calls import consulted_of
from bot.conversation.server_uses import ServerUses, limits_of
from bot.conversation.title import TitleReader, may_begin_with_title
from bot.turns.metered_claude import MeteredClaude
from bot.turns.reply_text import ReplyText
from bot.turns.request_stream import RequestStream, Sent, discard
from bot.turns.tool_loop import ToolLoop

log = structlog.get_logger()

MOST_PAUSES = 5
"""The requests that follow on pauses; Claude pauses after 10 steps with its tools (Anthropic, "Server tools")."""

MOST_REQUESTS = 60
"""The most requests that follow the first; the limit of a turn's tools, 50 steps at most, comes before."""


class ReplyStream(RequestStream):
    """Makes the requests of one turn, see `RequestStream`.

    `push` gets the text of the reply as it arrives, `settle_title` the title that the reply begins with, None if the
    reply has none. `tools` answers the calls of tools that run here, `given` are files for Claude's code.
    """

    def __init__(
        self,
        claude: MeteredClaude,
        interrupt: asyncio.Future[BobbinError],
        push: Callable[[str], None],
        show_status: Callable[[str], None],
        settle_title: Callable[[str | None], None] = discard,
        now_s: Callable[[], float] = time.time,
        inline: Mapping[str, str] | None = None,
        tools: ToolLoop | None = None,
        given: Sequence[ContainerFile] = (),
    ) -> None:
        super().__init__(claude, interrupt, show_status, now_s, inline or {})
        self._push = push
        self._settle_title = settle_title
        self._tools = tools
        self._given = given
        self._latest = Sent()
        self._uses = ServerUses({})
        self._reply = ReplyText(push, settle_title, TitleReader(expected=False), CitedText())

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
        sent = self._latest = Sent()
        request = with_container_files(request, self._given)
        loop = self._tools
        self._uses = ServerUses(limits_of(request.parameters.tools)) if loop is None else loop.uses
        if (
            loop is not None
            and await self._unless_interrupted(loop.resume(self._show_status), loop.break_off) is None
        ):
            return "", self._interrupt.result()
        if loop is not None and loop.messages:  # of an earlier attempt
            said = [block for each in loop.messages if each.role == "assistant" for block in each.blocks]
            reply.resume(loop.text, said)
            reply.consulted = loop.consulted
            if not self._claude.timeline.has_requests:
                self._claude.timeline.resumed(loop.messages)
            request = replace(request, container=loop.container)
            most = (
                None
                if most is None
                else estimate.behind(request.extended(loop.messages), most, loop.messages)
            )
        feed = _parted(reply.feed, behind=reply.text)
        request, end = await self._begun(request, purpose, most, feed, sent, reply.cite)
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
                Sent(),
                reply.cite,
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
        sent: Sent,
        cite: Callable[[tuple[WebSource, ...]], None],
    ) -> tuple[Request, Finished | BobbinError]:
        """Make the first request, behind the steps of an earlier attempt; returns the request that was answered.

        Where an edit has changed the messages before the steps meanwhile, or another model answers, the API refuses
        the request, and the steps are told in words.
        """
        steps = () if self._tools is None else self._tools.messages
        behind = request.extended(steps)
        end = await self._end_of(behind, purpose, most, push, sent, cite)
        if self._tools is not None and steps and type(end) is ClaudeRefusedRequest:
            log.info("tool_steps_retold", request_id=end.request_id)
            behind = request.extended(self._tools.retell())
            end = await self._end_of(behind, "retry", most, push, sent, cite)
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
            self._uses.note(end.blocks)
            return request.after(end)
        log.info("claude_paused", request_id=end.request_id, stop_reason=end.stop_reason)
        came = reply.text[len(self._tools.text) :]
        known, began_s = len(self._tools.consulted), time.monotonic()
        going_on = self._tools.go_on(end, came, self._show_status)
        results = await self._unless_interrupted(going_on, self._tools.break_off)
        ours = self._tools.consulted[known + len(consulted_of(end.blocks)) :]
        reply.consulted = (*reply.consulted, *ours)
        self._claude.timeline.called(
            end.blocks, results or (), time.monotonic() - began_s, [each.outcome for each in ours]
        )
        if results is None or self._interrupt.done():
            return self._interrupt.result()
        return request.after(end, results)

    def _refusal(self, event: StreamEvent) -> BobbinError | None:
        """End a request that goes on with a call beyond the limit of the turn."""
        match event:
            case Started() | NewAttempt():
                self._uses.begin()
            case ToolCalled(call=call) if self._uses.exceeds(call.name):
                log.info("server_tool_used_up", tool=call.name)
                return ServerToolUsedUp(call.name)
        return None


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
