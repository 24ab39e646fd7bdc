"""Which model answers in place of another: at a full limit, or where the other one does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from bot.conversation import budget_wording, fallback_wording
from bot.conversation.amount import Unit
from bot.conversation.compose import Terms
from bot.conversation.errors import BudgetReached, ClaudeBlocked, ClaudeBusy, ClaudeModelUnknown
from bot.conversation.request import Finished
from bot.conversation.turn import Turn
from bot.store.claim import Claim
from bot.turns.turn_cost import TurnCost

if TYPE_CHECKING:
    from bot.conversation.errors import BobbinError
    from bot.turns.generated import Generated

log = structlog.get_logger()

Generate = Callable[[Terms, tuple[str, ...]], "Awaitable[Generated | BudgetReached]"]
"""Requests the reply by these terms; the notices go below a reply."""


class Trouble(StrEnum):
    """Why another model is asked."""

    LIMIT = "limit"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


def trouble_of(end: Finished | BobbinError | None) -> Trouble | None:
    """Return why a request has no reply, if another model may have one."""
    match end:
        case ClaudeBusy(rate_limited=True):  # each model has limits of its own
            return Trouble.RATE_LIMITED
        case ClaudeBusy():  # after the retries of a minute
            return Trouble.OVERLOADED
        case ClaudeBlocked():
            return Trouble.REFUSED
        case Finished(stop_reason="refusal"):
            return Trouble.REFUSED
        case ClaudeModelUnknown():
            return Trouble.WITHDRAWN
        case _:
            return None


async def answer(
    claim: Claim, terms: Terms, generate: Generate, *, interrupt: asyncio.Future[BobbinError], cost: TurnCost
) -> Generated | BudgetReached:
    """Request the reply by `terms`, and by those of other models where that one gives none.

    What was shown is never replaced by the text of another model, nor does one go on with the calls of another one's
    tools: then no other one is asked.
    """
    first = await generate(terms, ())
    if isinstance(first, BudgetReached):
        return await _at_limit(claim, terms, generate, first)
    cost_then, failed = cost.total, first
    for other in terms.others:
        trouble = None if failed.has_begun or failed.conclusion.reply else trouble_of(failed.end)
        if trouble is None or interrupt.done():
            return failed
        log_asked(claim, other, trouble)
        found = await generate(other, ())
        if isinstance(found, BudgetReached):
            continue
        if found.conclusion.reply:
            told = fallback_wording.answered_by(terms.parameters.model, other.parameters.model, trouble)
            return replace(
                found, conclusion=replace(found.conclusion, notices=(told, *found.conclusion.notices))
            )
        if found.has_begun or interrupt.done():
            return found
        if trouble_of(found.end) is None:
            break
    # Nothing answers. The end of the model that people have chosen decides what becomes of their message.
    return replace(first, turn=_with_cost(first.turn, cost_then, cost.total))


async def _at_limit(
    claim: Claim, terms: Terms, generate: Generate, first: BudgetReached
) -> Generated | BudgetReached:
    if terms.fallback is None or first.limit.amount.unit is Unit.MESSAGES:
        return first
    log_asked(claim, terms.fallback, Trouble.LIMIT)
    told = (budget_wording.by_fallback(first, terms.fallback.parameters.model),) if first.tell else ()
    second = await generate(terms.fallback, told)
    if isinstance(second, BudgetReached):
        renews_s = min(first.renews_s, second.renews_s)
        tell = first.tell or second.tell
        return BudgetReached(second.limit, tell=tell, renews_s=renews_s, presser=second.presser)
    return second


def log_asked(claim: Claim, terms: Terms, trouble: Trouble) -> None:
    """Log that another model is asked."""
    log.info(
        "fallback_asked",
        conversation=claim.conversation,
        turn=claim.turn_id,
        model=terms.parameters.model,
        reason=trouble.value,
    )


def _with_cost(turn: Turn, then: int | None, now: int | None) -> Turn:
    """Add the cost of the requests since; None if a part is unknown."""
    if turn.cost is None or then is None or now is None:
        return replace(turn, cost=None)
    return replace(turn, cost=turn.cost + now - then)
