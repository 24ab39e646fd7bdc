"""Ask Claude for the reply of one turn."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog

from bot.claude.client import Claude
from bot.conversation import wording
from bot.conversation.compose import Past, Plan, compose, smaller, to_count, to_summarize
from bot.conversation.errors import BobbinError, ClaudeError, ClaudeTooLong, ClaudeUnreachable
from bot.conversation.pricing import Prices
from bot.conversation.request import Finished, Request, TextDelta, Thinking, Usage, Waiting
from bot.conversation.turn import Turn
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion, conclude, go_on
from bot.turns.policy import TurnPolicy
from bot.turns.tally import Tally
from bot.turns.terms import terms_of

log = structlog.get_logger()

T = TypeVar("T")

SUMMARY_S = 60.0
"""A summary that takes longer keeps somebody waiting too long for the reply that comes after it."""

MAX_SUMMARY_CHARS = 4000
"""300 words are asked for; much more would be no summary."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: the entry for the history, what the thread is to show, where the window begins."""

    turn: Turn
    conclusion: Conclusion
    cut: int


class Asker:
    """Builds the request of a turn, streams the answer and concludes.

    `now_s` is the time since 1970; `spent` is told what each request cost in micro-dollars, None if nobody knows.
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

    async def ask(
        self,
        claim: Claim,
        policy: TurnPolicy,
        push: Callable[[str], None],
        cut: asyncio.Future[BobbinError],
        tell: Callable[[str], None],
        tally: Tally,
    ) -> Asked:
        """Stream the reply into `push` until it ends or is `cut`; a failure of the API is an outcome too.

        What goes on meanwhile is for `tell`, in words for the thread. Each request is added to `tally`, also if this
        is cancelled.
        """
        terms = terms_of(policy, _opaque(claim.messages[0].author.id, policy.secret))
        past = Past(
            claim.history,
            claim.meta.cut,
            claim.meta.pins,
            claim.meta.corrected,
            claim.own,
            claim.recalled,
            claim.meta.pinned_now,
        )
        cut_off = claim.cut_off
        now_ms = round(self._now_s() * 1000)
        plan = compose(terms, past, claim.messages, now_ms=now_ms, cut_off=cut_off)
        counted = await _unless(cut, self._counted(to_count(terms, plan, past)))
        if counted is not None:
            plan = compose(
                terms, past, claim.messages, now_ms=now_ms, counted_tokens=counted, cut_off=cut_off
            )
        summary: str | None = None
        asides: tuple[Usage, ...] = ()
        if plan.window.dropped and policy.summarizes and not cut.done():
            tell(wording.SUMMARIZING)
            made = await _unless(cut, self._summary(to_summarize(plan, past), policy.prices, tally))
            summary, asides = made or (None, ())
            plan = compose(
                terms,
                past,
                claim.messages,
                now_ms=now_ms,
                counted_tokens=counted,
                summary=summary,
                cut_off=cut_off,
            )
        text, end = await self._until_cut(plan.request, push, cut, tell, policy.prices, tally)
        if isinstance(end, ClaudeTooLong) and not text:
            # Once, by the API's own figures: what is refused again is not made smaller for ever.
            terms = smaller(terms, plan, end.tokens, end.limit)
            plan = compose(terms, past, claim.messages, now_ms=now_ms, summary=summary, cut_off=cut_off)
            text, end = await self._until_cut(plan.request, push, cut, tell, policy.prices, tally)
        conclusion = go_on(cut_off.reply, text, end) if cut_off is not None else conclude(text, end)
        conclusion = _noticed(conclusion, end, plan, summary)
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
        turn = replace(_entry(claim, conclusion, end, plan, asides), cost=_added(claim.own, tally.cost))
        return Asked(turn, conclusion, plan.window.cut)

    async def _counted(self, request: Request | None) -> int | None:
        if request is None:
            return None
        try:
            return await self._claude.count_tokens(request)
        except ClaudeError as error:
            log.info("not_counted", detail=str(error))
            return None

    async def _summary(
        self, request: Request, prices: Prices | None, tally: Tally
    ) -> tuple[str | None, tuple[Usage, ...]]:
        """Ask for a summary of what is about to go; None, so that it just goes, if there is none to be had."""
        text: list[str] = []
        try:
            async with asyncio.timeout(SUMMARY_S):
                end = await self._stream_to_its_end(request, text, _unheard, _unheard, prices, tally)
        except (ClaudeError, TimeoutError) as error:
            log.warning("not_summarized", kind=type(error).__name__, detail=str(error))
            return None, ()
        summary = "".join(text).strip()
        log.info(
            "summarized",
            stop_reason=end.stop_reason,
            chars=len(summary),
            input_tokens=end.usage.input_total,
            cache_read_tokens=end.usage.cache_read,
        )
        sound = end.stop_reason == "end_turn" and 0 < len(summary) <= MAX_SUMMARY_CHARS
        return summary if sound else None, (end.usage,)

    async def _until_cut(
        self,
        request: Request,
        push: Callable[[str], None],
        cut: asyncio.Future[BobbinError],
        tell: Callable[[str], None],
        prices: Prices | None,
        tally: Tally,
    ) -> tuple[str, Finished | BobbinError]:
        if cut.done():
            return "", cut.result()
        text: list[str] = []
        stream = asyncio.ensure_future(self._stream(request, text, push, tell, prices, tally))
        try:
            waited: tuple[asyncio.Future[Any], ...] = (stream, cut)
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                return "".join(text), cut.result()
            return "".join(text), stream.result()
        finally:
            stream.cancel()
            await asyncio.wait({stream})

    async def _stream(
        self,
        request: Request,
        text: list[str],
        push: Callable[[str], None],
        tell: Callable[[str], None],
        prices: Prices | None,
        tally: Tally,
    ) -> Finished | BobbinError:
        try:
            return await self._stream_to_its_end(request, text, push, tell, prices, tally)
        except ClaudeError as error:
            return error

    async def _stream_to_its_end(
        self,
        request: Request,
        text: list[str],
        push: Callable[[str], None],
        tell: Callable[[str], None],
        prices: Prices | None,
        tally: Tally,
    ) -> Finished:
        settled = False
        try:
            async with aclosing(self._claude.stream(request)) as events:
                async for event in events:
                    match event:
                        case TextDelta(text=delta):
                            text.append(delta)
                            push(delta)
                        case Finished():
                            tally.told(event.usage, prices)
                            settled = True  # there is nothing more to be told
                            return event
                        case Thinking():
                            tell(wording.THINKING)
                        case Waiting():
                            tell(wording.BUSY)
                            log.info(
                                "claude_asked_again", seconds=round(event.seconds, 1), attempt=event.attempt
                            )
            raise ClaudeError("the stream ended without an end")  # noqa: TRY301 - counted like any other
        except ClaudeError as error:
            # What is refused costs nothing; of what broke off nobody has told how much it used.
            settled = not text and not isinstance(error, ClaudeUnreachable)
            raise
        finally:
            if not settled:
                tally.broke_off()


async def _unless(cut: asyncio.Future[BobbinError], step: Coroutine[Any, Any, T]) -> T | None:
    """Do a step before the request; None, and it is dropped, if the turn is `cut` meanwhile."""
    task = asyncio.ensure_future(step)
    try:
        waited: tuple[asyncio.Future[Any], ...] = (task, cut)
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        await asyncio.wait({task})


def _added(own: Turn | None, cost: int | None) -> int | None:
    """A turn that is done anew costs what all its rounds did."""
    if own is None or cost is None:
        return cost
    return None if own.cost is None else own.cost + cost


def _unheard(_text: str) -> None:
    """A summary is not shown while it is written."""


def _noticed(
    conclusion: Conclusion, end: Finished | BobbinError, plan: Plan, summary: str | None
) -> Conclusion:
    """Tell what of the conversation Claude did not see."""
    window = plan.window
    if (
        conclusion.outcome == "failed"
        and isinstance(end, ClaudeTooLong)
        and (window.dropped or window.shortened)
    ):
        return replace(conclusion, notices=(wording.STILL_TOO_LONG,))
    notices = conclusion.notices
    if window.dropped:
        notices = (*notices, wording.TRIMMED if summary is None else wording.SUMMARIZED)
    if window.shortened:
        notices = (*notices, wording.SHORTENED)
    return replace(conclusion, notices=notices)


def _entry(
    claim: Claim,
    conclusion: Conclusion,
    end: Finished | BobbinError,
    plan: Plan,
    asides: tuple[Usage, ...],
) -> Turn:
    usage = end.usage if isinstance(end, Finished) else Usage()
    own, cut_off = claim.own, claim.cut_off
    front = plan.new_front
    if front is None and own is not None:
        front = own.front
    if cut_off is not None:
        grown = len(conclusion.reply) > len(cut_off.reply)
        return replace(
            cut_off,
            reply=conclusion.reply,
            reply_tokens=plan.rates.of(conclusion.reply),
            usage=usage,
            cut=plan.window.cut,
            prefix_key="",  # the next difference of two requests would hold more than the next message
            seams=(*cut_off.seams, len(cut_off.reply)) if grown else cut_off.seams,
            open_end=conclusion.open_end,
            front=front,
            asides=(*cut_off.asides, *asides),
        )
    reply_tokens = max(0, usage.output - usage.thinking) or plan.rates.of(conclusion.reply)
    return Turn(
        id=claim.lead,
        user=plan.user,
        reply=conclusion.reply,
        outcome=conclusion.outcome,
        model=plan.request.model,
        user_tokens=plan.measured(usage),
        reply_tokens=reply_tokens if conclusion.outcome == "answered" else 0,
        usage=usage,
        cut=plan.window.cut,
        prefix_key=plan.prefix.key,
        members=claim.members,
        open_end=conclusion.open_end,
        front=front,
        asides=(*(own.asides if own is not None else ()), *asides),
    )


def _opaque(author: int, secret: bytes) -> str:
    """Name a person to Anthropic without telling who it is (metadata.user_id: a hash, no personal data)."""
    return hmac.new(secret, str(author).encode(), hashlib.sha256).hexdigest()[:32]
