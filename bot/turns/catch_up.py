"""Private answers about a thread: they read what the next turn would read, and leave nothing in the conversation.

No lease is needed, and no turn waits: the answer is about what is committed by now.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from bot.claude.client import Claude
from bot.conversation import budget_wording, catch_up, estimate, fallback_wording
from bot.conversation.amount import Unit
from bot.conversation.budget import Limit, Use, limits
from bot.conversation.clock import Clock
from bot.conversation.compose import Terms
from bot.conversation.errors import BobbinError, BudgetReached, ClaudeUnreachable, StoreUnavailable
from bot.conversation.message import Message
from bot.conversation.past import Past
from bot.conversation.request import Finished, Request, TextDelta, Usage
from bot.conversation.request_cost import RequestCost
from bot.conversation.title import TitleReader, may_begin_with_title
from bot.store.budgets import Budgets
from bot.store.claim import Attempt, Batch, Claim, Lease, Meta
from bot.store.held_files import HeldFiles
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.states import State
from bot.store.usage import Usage as UsageStore
from bot.turns import fallback
from bot.turns.claim_terms import TermsOf
from bot.turns.fallback import Trouble, trouble_of
from bot.turns.metered_claude import Account, MeteredClaude
from bot.turns.pseudonym import pseudonym
from bot.turns.turn_cost import TurnCost

log = structlog.get_logger()

Ask = Callable[[Terms], Awaitable[tuple[str, Finished | BobbinError]]]
"""Requests the answer by these terms."""

ANSWER_S = 180.0
"""A person waits for the answer; the minute of retries fits in."""

RECORD_S = 2.0
"""The answer waits no longer than this for the record of what it has used."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """A private answer: its text with marks, how it ended, and the messages that the marks name.

    `seen_from` is the first message that Claude sees if it no longer sees the earliest ones, else None. `told` says
    which model has answered in place of the chosen one, "" if none has.
    """

    text: str
    end: Finished | BobbinError
    marked: tuple[catch_up.Marked, ...]
    seen_from: int | None = None
    told: str = ""


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Asks Claude; `secret` keys the hashes that name people, `report_cost` is called with each request."""

    claude: Claude
    budgets: Budgets
    held_files: HeldFiles
    pins_and_summaries: PinsAndSummaries
    usage: UsageStore
    terms_of: TermsOf
    without_gone: Callable[[int, Meta, Past], Awaitable[Past]]
    observe: Callable[[Claim, Terms, tuple[Limit, ...], tuple[Use, ...]], None]
    report_cost: Callable[[RequestCost], None]
    clock: Clock
    secret: bytes
    running: set[int] = field(default_factory=set)

    async def answer(
        self, conversation: int, meta: Meta, interaction: int, asked: Message, since_ms: int | None
    ) -> CaughtUp | None:
        """Answer the person who wrote `asked`; None if Claude has seen nothing of the conversation.

        Raises Unreadable or StoreUnavailable.
        """
        past = await self.pins_and_summaries.past(conversation)
        past = await self.without_gone(conversation, meta, past)
        held = await self.held_files.held(conversation, past.sources)
        past = past.without_files(held.gone)
        if not (past.history or past.preface):
            return None
        claim = of_no_turn(conversation, meta, interaction, asked)
        terms = await self.terms_of(claim)
        marked = catch_up.marked(past, since_ms)
        question = catch_up.question(asked, marked, since_ms)
        cost = TurnCost(self.report_cost)
        user_key = pseudonym(asked.author.id, self.secret)

        async def ask(by: Terms) -> tuple[str, Finished | BobbinError]:
            by = replace(by, user_key=user_key)
            now_ms = self.clock.now_ms()
            plan, request = catch_up.plan(by, past, question, now_ms)
            most = estimate.of_summary(request, plan, past, now_ms)
            return await self._streamed(claim, by, replace(request, inline=held.inline), most, cost)

        try:
            text, end, told = await _answered(claim, terms, ask)
        finally:
            await self._record(claim, terms, cost)
        log.info(
            "caught_up",
            conversation=conversation,
            outcome=end.stop_reason if isinstance(end, Finished) else type(end).__name__,
            input_tokens=end.usage.input_total if isinstance(end, Finished) else None,
            cache_read_tokens=end.usage.cache_read if isinstance(end, Finished) else None,
            output_tokens=end.usage.output if isinstance(end, Finished) else None,
            cost_micro_usd=cost.total,
        )
        return CaughtUp(text, end, marked, _seen_from(past), told)

    async def _streamed(
        self, claim: Claim, terms: Terms, request: Request, most: Usage, cost: TurnCost
    ) -> tuple[str, Finished | BobbinError]:
        metered = MeteredClaude(self.claude, claim.payer, cost, terms.prices, self._account(claim, terms))
        title, text = TitleReader(expected=may_begin_with_title(request)), ""
        try:
            async with (
                asyncio.timeout(ANSWER_S),
                aclosing(metered.stream(request, "catch-up", most)) as events,
            ):
                async for event in events:
                    match event:
                        case TextDelta(text=delta):
                            text += title.feed(delta)
                        case Finished():
                            return text + title.end(complete=event.stop_reason == "end_turn"), event
        except BobbinError as error:
            return text, error
        except TimeoutError:
            return text, ClaudeUnreachable("no answer in time")
        return text, ClaudeUnreachable("the stream ended without an end")

    def _account(self, claim: Claim, terms: Terms) -> Account | None:
        rules, prices = terms.budget.rules, terms.budget_prices
        if prices is None or not rules:
            return None
        return Account(
            self.budgets,
            claim,
            lambda: limits(rules, claim.payer, self.clock.now_s()),
            prices,
            partial(self.observe, claim, terms),
        )

    async def _record(self, claim: Claim, terms: Terms, cost: TurnCost) -> None:
        """Record what was used; the settlement goes on in the background if it takes longer."""
        try:
            async with asyncio.timeout(RECORD_S):
                if cost.was_asked:
                    day = dt.datetime.fromtimestamp(self.clock.now_s(), dt.UTC).date()
                    await self.usage.record_aside(
                        claim.payer,
                        claim.turn_id,
                        cost.usage(day, terms.parameters.model),
                        is_private=claim.meta.is_private,
                    )
                await cost.settled()
        except (StoreUnavailable, TimeoutError) as error:
            log.info("usage_not_recorded", conversation=claim.conversation, kind=type(error).__name__)


def of_no_turn(conversation: int, meta: Meta, interaction: int, asked: Message) -> Claim:
    """Return what names the person and the place to budgets and settings; no script accepts its lease."""
    return Claim(
        lease=Lease(conversation, token=interaction),
        turn_id=interaction,
        meta=meta,
        batch=Batch(members=(asked.id,), messages=(asked,)),
        attempt=Attempt(State.CLAIMED, number=1),
    )


async def _answered(claim: Claim, terms: Terms, ask: Ask) -> tuple[str, Finished | BobbinError, str]:
    """Ask by `terms`, and by those of other models where that one gives no answer, as for a turn.

    Nothing is shown before the end, so that a reply which was declined in its middle can be replaced as well.
    """
    text, end = await ask(terms)
    if isinstance(end, BudgetReached):
        if terms.fallback is None or end.limit.amount.unit is Unit.MESSAGES:
            return text, end, ""
        fallback.log_asked(claim, terms.fallback, Trouble.LIMIT)
        told = budget_wording.by_fallback(end, terms.fallback.parameters.model)
        return *(await ask(terms.fallback)), told
    failed = end
    for other in terms.others:
        trouble = trouble_of(failed)
        if trouble is None or (text and trouble is not Trouble.REFUSED):
            break
        fallback.log_asked(claim, other, trouble)
        found, failed = await ask(other)
        if isinstance(failed, BudgetReached):
            failed = end
        elif found and trouble_of(failed) is None:
            model = other.parameters.model
            return found, failed, fallback_wording.answered_by(terms.parameters.model, model, trouble)
    return text, end, ""


def _seen_from(past: Past) -> int | None:
    if not past.window_start:
        return None
    return next((member for turn in past.history for member in turn.members or (turn.id,)), None)
