"""Requests the reply of one turn from Claude."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from functools import partial

import structlog

from bot.claude.client import Claude
from bot.claude.status_page import StatusPage
from bot.conversation import estimate, status_wording
from bot.conversation.compose import Plan, Terms, compose, smaller
from bot.conversation.errors import (
    BobbinError,
    BudgetReached,
    ClaudeError,
    ClaudeFileGone,
    ClaudeTooLong,
)
from bot.conversation.memory import lost, with_quotes
from bot.conversation.message import Message
from bot.conversation.request import Finished, Request, Usage
from bot.conversation.request_cost import Purpose
from bot.conversation.side_requests import counted_total, to_count, to_summarize, to_summarize_what_goes
from bot.conversation.visible import is_blank
from bot.store.budgets import Budgets
from bot.store.claim import Claim
from bot.turns import fallback
from bot.turns.accounts import Accounts, Observe, observe_nothing
from bot.turns.entry import Asked, entry
from bot.turns.generated import Generated
from bot.turns.gone_files import ForgetUploads, GoneFiles, forget_nothing
from bot.turns.metered_claude import MeteredClaude
from bot.turns.persist import persist
from bot.turns.policy import TurnPolicy
from bot.turns.prepare import Prepared
from bot.turns.pseudonym import pseudonym
from bot.turns.reply_notices import concluded, with_notices
from bot.turns.reply_stream import ReplyStream
from bot.turns.summaries import Summaries, Summary
from bot.turns.tool_loop import ToolLoop, no_tools
from bot.turns.turn_cost import TurnCost
from bot.turns.turn_timeline import TurnTimeline
from bot.turns.whose_fault import explained

log = structlog.get_logger()


async def _hold_nothing(_conversation: int, _ids: Collection[str]) -> None:
    """Hold no files."""


class ReplyGenerator:
    """Composes the request of a turn, streams the reply and concludes.

    `now_s` returns the time since 1970. Without `budgets` there are no limits; `observe` is called with the claim,
    the terms, limits and what of them is used up. `forget_uploads` is called with the conversation and the ids of
    uploads that are gone, `hold_files` with those of files that code has made. `tools` makes the loop that answers
    the calls of a turn's tools. The `summaries` outlive a restart of the turn. `status_page` tells of incidents at
    Claude.
    """

    def __init__(
        self,
        claude: Claude,
        policy: TurnPolicy,
        now_s: Callable[[], float] = time.time,
        forget_uploads: ForgetUploads = forget_nothing,
        budgets: Budgets | None = None,
        observe: Observe = observe_nothing,
        tools: Callable[[Claim, Terms], ToolLoop | None] = no_tools,
        status_page: StatusPage | None = None,
        hold_files: Callable[[int, Collection[str]], Awaitable[None]] = _hold_nothing,
    ) -> None:
        self._claude = claude
        self._policy = policy
        self._now_s = now_s
        self.summaries = Summaries()
        self._gone_files = GoneFiles(claude, forget_uploads)
        self._accounts = Accounts(budgets, observe, now_s)
        self._tools = tools
        self._status_page = status_page
        self._hold_files = hold_files

    async def generate(
        self,
        claim: Claim,
        prepared: Prepared,
        terms: Terms,
        *,
        interrupt: asyncio.Future[BobbinError],
        push: Callable[[str], None],
        show_status: Callable[[str], None],
        settle_title: Callable[[str | None], None] = lambda _: None,
        admitted: Callable[[], None] = lambda: None,
        cost: TurnCost,
        timeline: TurnTimeline | None = None,
    ) -> Generated | BudgetReached:
        """Stream the reply into `push` until it ends or `interrupt` is set; a failure of the API is an outcome too.

        If a limit is full, or the model gives no reply, another one may answer (see `fallback`). `admitted` is
        called once the limits let a request through, `show_status` with a line for people during phases without text,
        `settle_title` with the title of a new thread as soon as it is known, or with None if the reply has none. The
        cost of each request is added to `cost`, also if this is cancelled; `timeline` records the requests.
        """
        tools = self._tools(claim, terms)

        async def generated(terms: Terms, notices: tuple[str, ...]) -> Generated | BudgetReached:
            if terms is not asked:
                show_status(status_wording.ANOTHER_MODEL)
            return await self._generate(
                claim,
                replace(prepared, notices=(*prepared.notices, *notices)),
                terms,
                interrupt=interrupt,
                push=push,
                show_status=show_status,
                settle_title=settle_title,
                admitted=admitted,
                cost=cost,
                tools=tools,
                timeline=timeline,
            )

        asked = terms
        found = await fallback.answer(claim, terms, generated, interrupt=interrupt, cost=cost)
        return found if isinstance(found, BudgetReached) else await explained(found, self._status_page)

    async def _generate(
        self,
        claim: Claim,
        prepared: Prepared,
        terms: Terms,
        *,
        interrupt: asyncio.Future[BobbinError],
        push: Callable[[str], None],
        show_status: Callable[[str], None],
        settle_title: Callable[[str | None], None],
        admitted: Callable[[], None],
        cost: TurnCost,
        tools: ToolLoop | None,
        timeline: TurnTimeline | None,
    ) -> Generated | BudgetReached:
        past = claim.past.without_files(prepared.gone)
        past = past.without_facts(prepared.taken_back, with_summary=not prepared.summary_dropped)
        now_ms = round(self._now_s() * 1000)

        def planned(terms: Terms, counted: int | None = None, summary: str | None = None) -> Plan:
            composed = partial(
                compose,
                terms,
                past,
                now_ms=now_ms,
                counted_tokens=counted,
                summary=summary,
                so_far=prepared.so_far,
            )
            return _telling_all(prepared, composed)

        account = self._accounts.of(claim, terms)
        stream = ReplyStream(
            MeteredClaude(
                self._claude, claim.payer, cost, terms.prices, account, admitted, timeline, claim.asked_ms
            ),
            interrupt,
            push,
            show_status,
            settle_title,
            self._now_s,
            prepared.inline,
            tools,
            prepared.given,
        )

        async def leave_out_gone(sent: Request) -> bool:
            """Leave out the files of a request that are gone; False if there are none."""
            nonlocal past, prepared
            gone = await self._gone_files.find(claim, sent)
            past, prepared = past.without_files(gone), prepared.without_files(gone)
            return bool(gone)

        terms = replace(terms, user_key=pseudonym(claim.batch.messages[0].author.id, self._policy.secret))
        plan = planned(terms)
        if (counted := await _counted(stream, to_count(terms, plan, past), plan)) is not None:
            plan = planned(terms, counted)
        summary: str | None = None
        side_usage: tuple[Usage, ...] = ()
        if plan.window.dropped and self._policy.summarizes:
            summary, side_usage = await self._summary(
                claim,
                stream,
                lambda: to_summarize(terms, planned(terms, counted), past, now_ms),
                leave_out_gone,
                lambda sent: estimate.of_summary(sent, plan, past, now_ms),
            )
            plan = planned(terms, counted, summary)
        purpose: Purpose = "continuation" if prepared.so_far else "reply"
        text, end = await stream.reply(
            plan.request, purpose, estimate.of_reply(plan, now_ms), before=prepared.reply
        )
        if isinstance(end, ClaudeFileGone) and not text and await leave_out_gone(plan.request):
            # Once: a file that is gone must not end the conversation.
            plan = planned(terms, counted, summary)
            text, end = await stream.reply(plan.request, "retry", estimate.of_reply(plan, now_ms))
        still_too_long = False
        if isinstance(end, ClaudeTooLong) and not text:
            # One retry, by the API's own figures; a request that is refused again is not made smaller for ever.
            terms = smaller(terms, plan, past, end.tokens, end.limit)
            shorter = planned(terms, summary=summary)
            if summarizes := self._policy.summarizes and summary is None and shorter.window.dropped > 0:
                summary, further_usage = await self._summary(
                    claim,
                    stream,
                    lambda: to_summarize_what_goes(planned(terms), past),
                    leave_out_gone,
                    lambda sent: estimate.of_summary(sent, plan, past, now_ms),
                )
                shorter, side_usage = planned(terms, summary=summary), (*side_usage, *further_usage)
            text, end = await stream.reply(shorter.request, "retry", estimate.of_reply(shorter, now_ms))
            if stream.was_read or (summarizes and summary is not None):
                plan = shorter
            elif isinstance(end, ClaudeTooLong):
                still_too_long = bool(shorter.window.dropped or shorter.window.shortened)
        await self._hold_made(claim, stream)
        if isinstance(end, BudgetReached) and is_blank(text):
            return end
        if not stream.was_read and summary is None:
            plan = plan.unread
        conclusion = concluded(text, end, before=prepared.reply, still_too_long=still_too_long)
        conclusion = with_notices(conclusion, plan, summary, prepared.notices)
        log.info(
            "claude_answered",
            conversation=claim.conversation,
            turn=claim.turn_id,
            outcome=conclusion.outcome,
            stop_reason=end.stop_reason if isinstance(end, Finished) else None,
            error=None if isinstance(end, Finished) else type(end).__name__,
            detail="" if isinstance(end, Finished) else str(end),
            estimated_tokens=plan.window.tokens,
            input_tokens=end.usage.input_total if isinstance(end, Finished) else None,
            cache_read_tokens=end.usage.cache_read if isinstance(end, Finished) else None,
            output_tokens=end.usage.output if isinstance(end, Finished) else None,
            cost_micro_usd=cost.total,
            request_id=end.request_id if isinstance(end, (Finished, ClaudeError)) else None,
        )
        asked = Asked(
            stream.used,
            stream.asked_ms,
            side_usage,
            cost.total,
            stream.title_line,
            terms.prompt_scope,
            stream.consulted,
        )
        turn = entry(claim, prepared, plan, conclusion, asked)
        has_begun = not is_blank(prepared.reply + text) or (tools is not None and bool(tools.messages))
        files = stream.made_files if conclusion.outcome == "answered" else ()
        return Generated(turn, conclusion, plan.window.start, end, has_begun, files)

    async def _hold_made(self, claim: Claim, stream: ReplyStream) -> None:
        if stream.made_files:
            await persist(lambda: self._hold_files(claim.conversation, stream.made_files))

    async def _summary(
        self,
        claim: Claim,
        stream: ReplyStream,
        request: Callable[[], Request],
        leave_out_gone: Callable[[Request], Awaitable[bool]],
        most: Callable[[Request], Usage],
    ) -> Summary:
        """Request a summary; if a file is gone, `leave_out_gone` changes the request for a second try."""

        async def made_of(sent: Request) -> Summary:
            return await self.summaries.of(
                claim.conversation, sent, partial(stream.summary, sent, most(sent))
            )

        sent = request()
        made, usage = await made_of(sent)
        if made is None and stream.found_file_gone and await leave_out_gone(sent):
            made, further_usage = await made_of(request())
            usage = (*usage, *further_usage)
        return made, usage


def _telling_all(prepared: Prepared, composed: Callable[[Sequence[Message]], Plan]) -> Plan:
    """Compose a request that tells in its newest message what its trim has dropped of what is remembered."""
    plan = composed(prepared.messages)
    dropped = lost(prepared.told, plan.window.all_turns)
    return composed(with_quotes(prepared.messages, dropped)) if dropped else plan


async def _counted(stream: ReplyStream, request: Request | None, plan: Plan) -> int | None:
    counted = await stream.count(request)
    return None if counted is None or request is None else counted_total(counted, plan, request)
