"""Ask Claude for the reply of one turn."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.compose import Plan, Terms, compose, smaller
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeTooLong
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import Finished, PromptMessage, Request, Usage
from bot.conversation.side_requests import to_count, to_summarize, to_summarize_what_goes
from bot.conversation.turn import Turn, exchange
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion, conclude, go_on
from bot.turns.policy import TurnPolicy
from bot.turns.reply_stream import ReplyStream
from bot.turns.summaries import Summaries, Summary
from bot.turns.terms import terms_of
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the entry for the history, what the thread is to show, where the window begins."""

    turn: Turn
    conclusion: Conclusion
    cut: int


class ReplyGenerator:
    """Builds the request of a turn, streams the answer and concludes.

    `now_s` is the time since 1970; `spent` is told what each request cost in micro-dollars, None if nobody knows.
    Its `summaries` outlive a turn that begins anew.
    """

    def __init__(
        self,
        claude: Claude,
        now_s: Callable[[], float] = time.time,
        spent: Callable[[int | None], None] = lambda _: None,
    ) -> None:
        self._claude = claude
        self._now_s = now_s
        self.spent = spent
        self.summaries = Summaries()

    async def ask(
        self,
        claim: Claim,
        policy: TurnPolicy,
        push: Callable[[str], None],
        cut: asyncio.Future[BobbinError],
        tell: Callable[[str], None],
        tally: TurnCost,
    ) -> Asked:
        """Stream the reply into `push` until it ends or is `cut`; a failure of the API is an outcome too.

        What goes on meanwhile is for `tell`, in words for the thread. Each request is added to `tally`, also if this
        is cancelled.
        """
        past, cut_off = claim.past, claim.cut_off
        so_far = (*cut_off.sent, CONTINUE) if cut_off is not None else ()
        now_ms = round(self._now_s() * 1000)

        def planned(terms: Terms, counted: int | None = None, summary: str | None = None) -> Plan:
            return compose(
                terms,
                past,
                claim.messages,
                now_ms=now_ms,
                counted_tokens=counted,
                summary=summary,
                so_far=so_far,
            )

        listener = ReplyStream(self._claude, cut, push, tell, tally, policy.prices, self._now_s)
        terms = terms_of(policy, _opaque(claim.messages[0].author.id, policy.secret))
        plan = planned(terms)
        counted = await listener.count(to_count(terms, plan, past))
        if counted is not None:
            plan = planned(terms, counted)
        summary: str | None = None
        side_usage: tuple[Usage, ...] = ()
        if plan.window.dropped and policy.summarizes:
            request = to_summarize(terms, plan, past, now_ms)
            summary, side_usage = await self._summary(claim, listener, request)
            plan = planned(terms, counted, summary)
        text, end = await listener.reply(plan.request)
        still_too_long = False
        if isinstance(end, ClaudeTooLong) and not text:
            # Once, by the API's own figures: what is refused again is not made smaller for ever.
            terms = smaller(terms, plan, past, end.tokens, end.limit)
            shorter = planned(terms, summary=summary)
            if sums_up := policy.summarizes and summary is None and shorter.window.dropped > 0:
                request = to_summarize_what_goes(shorter, past)
                summary, more = await self._summary(claim, listener, request)
                shorter, side_usage = planned(terms, summary=summary), (*side_usage, *more)
            text, end = await listener.reply(shorter.request)
            if listener.was_read or (sums_up and summary is not None):
                plan = shorter
            elif isinstance(end, ClaudeTooLong):
                still_too_long = bool(shorter.window.dropped or shorter.window.shortened)
        if not listener.was_read and summary is None:
            plan = plan.unread
        conclusion = go_on(cut_off.reply, text, end) if cut_off is not None else conclude(text, end)
        if still_too_long and conclusion.outcome == "failed":
            conclusion = replace(conclusion, notices=(wording.STILL_TOO_LONG,))
        conclusion = _noticed(conclusion, plan, summary)
        log.info(
            "claude_answered",
            conversation=claim.conversation,
            turn=claim.lead,
            outcome=conclusion.outcome,
            stop_reason=end.stop_reason if isinstance(end, Finished) else type(end).__name__,
            detail="" if isinstance(end, Finished) else str(end),
            estimated_tokens=plan.window.tokens,
            input_tokens=end.usage.input_total if isinstance(end, Finished) else None,
            cache_read_tokens=end.usage.cache_read if isinstance(end, Finished) else None,
            output_tokens=end.usage.output if isinstance(end, Finished) else None,
            cost_micro_usd=tally.cost,
            request_id=end.request_id if isinstance(end, (Finished, ClaudeError)) else None,
        )
        turn = replace(
            _entry(claim, conclusion, listener, plan, side_usage), cost=_added(claim.own, tally.cost)
        )
        return Asked(turn, conclusion, plan.window.start)

    async def _summary(self, claim: Claim, listener: ReplyStream, request: Request) -> Summary:
        return await self.summaries.of(claim.conversation, request, partial(listener.summary, request))


def _added(own: Turn | None, cost: int | None) -> int | None:
    """A turn that is done anew costs what all its rounds did."""
    if own is None or cost is None:
        return cost
    return None if own.cost is None else own.cost + cost


def _noticed(conclusion: Conclusion, plan: Plan, summary: str | None) -> Conclusion:
    """Tell what of the conversation Claude did not see."""
    window, notices = plan.window, conclusion.notices
    if window.dropped:
        notices = (*notices, wording.TRIMMED if summary is None else wording.SUMMARIZED)
    if window.shortened:
        notices = (*notices, wording.SHORTENED)
    return replace(conclusion, notices=notices)


def _entry(
    claim: Claim,
    conclusion: Conclusion,
    listener: ReplyStream,
    plan: Plan,
    side_usage: tuple[Usage, ...],
) -> Turn:
    usage = listener.used
    own, cut_off = claim.own, claim.cut_off
    preface = plan.new_preface
    if preface is None and own is not None:
        preface = own.preface
    side_usage = (*(own.side_usage if own is not None else ()), *side_usage)
    if cut_off is not None:
        more = conclusion.reply[len(cut_off.reply) :]
        # A request that has brought no text is not sent again: the next request extends the one before it.
        key = cut_off.prefix_key if plan.new_preface is None else ""
        cut_off = replace(
            cut_off, window_start=plan.window.start, preface=preface, prefix_key=key, side_usage=side_usage
        )
        if not listener.was_read:
            return cut_off  # nothing was read, so that the request before is still the latest
        return replace(
            cut_off,
            sent=(*plan.added, PromptMessage.of("assistant", more)) if more else cut_off.sent,
            reply_tokens=plan.rates.of(conclusion.reply),
            usage=usage if more else cut_off.usage,
            asked_ms=listener.asked_ms if more else cut_off.asked_ms,
            prefix_key=plan.prefix.key if more else key,
            open_end=conclusion.open_end,
        )
    reply_tokens = max(0, usage.output - usage.thinking) or plan.rates.of(conclusion.reply)
    return Turn(
        id=claim.lead,
        sent=exchange(plan.added[0], conclusion.reply if conclusion.outcome == "answered" else ""),
        outcome=conclusion.outcome,
        model=plan.request.model,
        user_tokens=plan.measured(usage),
        reply_tokens=reply_tokens if conclusion.outcome == "answered" else 0,
        usage=usage,
        window_start=plan.window.start,
        prefix_key=plan.prefix.key,
        members=tuple(message.id for message in claim.messages),  # claim.members counts deleted ones in
        open_end=conclusion.open_end,
        asked_ms=listener.asked_ms,
        preface=preface,
        side_usage=side_usage,
    )


def _opaque(author: int, secret: bytes) -> str:
    """Name a person to Anthropic without telling who it is (metadata.user_id: a hash, no personal data)."""
    return hmac.new(secret, str(author).encode(), hashlib.sha256).hexdigest()[:32]
