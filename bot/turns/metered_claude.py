"""The one way from a turn to Claude: each request is reserved within the limits before it, and settled after it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import structlog

from bot.claude.client import Claude
from bot.conversation import estimate, pricing
from bot.conversation.amount import Unit
from bot.conversation.budget import Limit, Use
from bot.conversation.errors import BudgetReached, ClaudeError, ClaudeUnreachable, StoreUnavailable
from bot.conversation.fair_queue import Caller
from bot.conversation.pricing import Prices
from bot.conversation.request import (
    Finished,
    NewAttempt,
    Request,
    Started,
    StreamEvent,
    TextDelta,
    Usage,
    Waiting,
)
from bot.conversation.request_cost import Payer, Purpose, RequestCost
from bot.retry import Schedule, retry
from bot.store.budgets import Amounts, Budgets, Full, Reserved
from bot.store.claim import Claim
from bot.turns.turn_cost import TurnCost
from bot.turns.turn_timeline import TurnTimeline

log = structlog.get_logger()

SETTLE = Schedule(0.5, factor=2, longest_s=10, within_s=3600)
"""Redis may be away for longer than a reservation holds: what was used counts all the same when Redis is back."""

NOTHING: Amounts = {Unit.MESSAGES: 0, Unit.TOKENS: 0, Unit.MONEY: 0}


@dataclass(frozen=True, slots=True)
class Account:
    """The limits of one turn: those that apply `now`, and the prices to count with, the highest if they are unknown.

    `observe` is called with the limits and what of them is used up.
    """

    budgets: Budgets
    claim: Claim
    limits: Callable[[], tuple[Limit, ...]]
    prices: Prices
    observe: Callable[[tuple[Limit, ...], tuple[Use, ...]], None]

    def amounts(self, usage: Usage, *, messages: int) -> Amounts:
        """Return how much a usage is, in each unit."""
        tokens = usage.input_total + usage.output
        return {
            Unit.MESSAGES: messages,
            Unit.TOKENS: tokens,
            Unit.MONEY: pricing.cost(usage, self.prices),
        }


@dataclass(slots=True)
class _Sent:
    """One attempt at a request: its reservation, the usage reported so far, whether Claude may have read it."""

    purpose: Purpose
    reserved: Reserved | None = None
    most: Amounts = field(default_factory=lambda: NOTHING)
    usage: Usage = field(default_factory=Usage)
    was_read: bool = False
    has_ended: bool = False


class MeteredClaude:
    """Sends the requests of one turn; the cost of each by `prices` is added to `cost`, also if it is broken off.

    Without an `account` there are no limits. A turn counts as one message, however many requests it takes. `admitted`
    is called for each request that the limits let through. `timeline` records the requests. `asked_ms` is when the
    turn was asked for, 0 for now.
    """

    def __init__(
        self,
        claude: Claude,
        payer: Payer,
        cost: TurnCost,
        prices: Prices | None,
        account: Account | None = None,
        admitted: Callable[[], None] = lambda: None,
        timeline: TurnTimeline | None = None,
        asked_ms: int = 0,
    ) -> None:
        self._claude = claude
        self.timeline = timeline or TurnTimeline()
        self._payer = payer
        self._cost = cost
        self._prices = prices
        self._account = account
        self._admitted = admitted
        self._asked_ms = asked_ms

    async def stream(
        self, request: Request, purpose: Purpose, most: Usage | None = None
    ) -> AsyncGenerator[StreamEvent, None]:
        """Stream a reply; see `Claude.stream`. Each attempt is a request of its own, which may use `most`.

        Raises BudgetReached in place of an attempt for which there is no room.
        """
        most = most or estimate.most_of(request, 0)
        sent = await self._begin(purpose, most)
        timed = self.timeline.request(purpose)
        try:
            # The conversations of direct messages wait in turn with the servers.
            caller = Caller(
                self._payer.server or self._payer.conversation,
                is_command=purpose == "catch-up",
                asked_ms=self._asked_ms,
            )
            async with aclosing(self._claude.stream(request, caller)) as events:
                async for event in events:
                    timed.note(event)
                    match event:
                        case Started(usage=usage):
                            sent.usage, sent.was_read = usage, True
                        case TextDelta():
                            sent.was_read = True
                        case Finished(usage=usage):
                            sent.usage, sent.was_read = usage, True
                            self._end(sent, request, complete=True)
                        case Waiting():
                            sent.was_read |= event.lost
                            self._end(sent, request, complete=False)
                        case NewAttempt():
                            sent = await self._begin("retry", most)
                    yield event
        except ClaudeError as error:
            timed.ended(type(error).__name__)
            # A refused request costs nothing, nor does a request that was never sent.
            sent.was_read |= isinstance(error, ClaudeUnreachable) and error.sent
            raise
        except BudgetReached as error:
            timed.ended(type(error).__name__)
            raise
        except BaseException:
            sent.was_read = True  # it is not known how far the request got
            raise
        finally:
            timed.ended()
            self._end(sent, request, complete=False)

    async def count_tokens(self, request: Request) -> int:
        """Count the tokens of a request. That is free (Anthropic, "Token counting"), so that nothing is reserved."""
        counted = await self._claude.count_tokens(request)
        self._cost.add(RequestCost(self._payer, request.parameters.model, "count", micro_usd=0))
        return counted

    async def _begin(self, purpose: Purpose, most: Usage) -> _Sent:
        sent = _Sent(purpose)
        account = self._account
        limits = () if account is None else account.limits()
        if self._cost.counted:  # a turn whose message is admitted is not refused another
            limits = tuple(limit for limit in limits if limit.amount.unit is not Unit.MESSAGES)
        if account is None or not limits:
            self._admitted()
            return sent
        counts = purpose != "summary" and not self._cost.counted
        sent.most = account.amounts(most, messages=int(counts))
        await self._cost.settled()  # what the attempt before gives back may be what this one needs
        reserving = asyncio.ensure_future(
            account.budgets.reserve(account.claim, self._cost.next_request(), limits, sent.most)
        )
        try:
            found = await asyncio.shield(reserving)
        except asyncio.CancelledError:
            self._cost.in_background(self._give_back(account, reserving))
            raise
        account.observe(limits, found.uses)
        if isinstance(found, Full):
            log.info(
                "budget_reached",
                conversation=self._payer.conversation,
                turn=account.claim.turn_id,
                purpose=purpose,
                subject=found.limit.rule.subject.value,
                limit=str(found.limit.amount),
            )
            payer, asker = account.claim.payer.person, account.claim.asker.person
            raise BudgetReached(found.limit, tell=found.tell, presser=payer if payer != asker else None)
        sent.reserved = found
        if found.counted:
            sent.most = {**sent.most, Unit.MESSAGES: 0}
        self._cost.counted |= counts or found.counted
        self._admitted()
        return sent

    def _end(self, sent: _Sent, request: Request, *, complete: bool) -> None:
        """Report an attempt that Claude may have read, and settle its reservation; the first call counts."""
        if sent.has_ended:
            return
        sent.has_ended = True
        if sent.was_read:
            priced = self._prices is not None and (complete or sent.usage.input_total)
            micro_usd = (
                pricing.cost(sent.usage, self._prices) if priced and self._prices is not None else None
            )
            model = request.parameters.model
            self._cost.add(RequestCost(self._payer, model, sent.purpose, sent.usage, micro_usd, complete))
        if sent.reserved is not None and self._account is not None:
            self._cost.in_background(
                self._settle(self._account, sent.reserved, self._used(sent, complete=complete))
            )

    def _used(self, sent: _Sent, *, complete: bool) -> Amounts:
        """Return what a request has used: the most if it broke off, because nobody tells how much it had written."""
        messages = sent.most[Unit.MESSAGES]
        if not sent.was_read or self._account is None:
            self._cost.counted &= not messages  # the turn counts with its next request
            return NOTHING
        return self._account.amounts(sent.usage, messages=messages) if complete else sent.most

    async def _give_back(self, account: Account, reserving: asyncio.Future[Reserved | Full]) -> None:
        """Give back a reservation that nobody waits for any more."""
        await asyncio.wait({reserving})
        if reserving.exception() is None and isinstance(found := reserving.result(), Reserved):
            await self._settle(account, found, NOTHING)

    async def _settle(self, account: Account, reserved: Reserved, used: Amounts) -> None:
        def log_retry(error: Exception, failures: int) -> None:
            log.info(
                "settlement_retried",
                conversation=self._payer.conversation,
                failures=failures,
                detail=str(error),
            )

        async def settle() -> tuple[Use, ...]:
            return await account.budgets.settle(reserved, used)

        try:
            uses = await retry(settle, SETTLE, on=(StoreUnavailable,), on_retry=log_retry)
        except StoreUnavailable as error:
            log.warning("settlement_failed", conversation=self._payer.conversation, detail=str(error))
        else:
            account.observe(reserved.limits, uses)
