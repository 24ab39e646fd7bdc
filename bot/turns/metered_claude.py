"""The one way from a turn to Claude: the cost of each request is reported."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.claude.client import Claude
from bot.conversation import pricing
from bot.conversation.errors import ClaudeError, ClaudeUnreachable
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
from bot.turns.turn_cost import TurnCost


class MeteredClaude:
    """Sends the requests of one turn; the cost of each by `prices` is added to `cost`, also if it is broken off."""

    def __init__(self, claude: Claude, payer: Payer, cost: TurnCost, prices: Prices | None) -> None:
        self._claude = claude
        self._payer = payer
        self._cost = cost
        self._prices = prices

    async def stream(self, request: Request, purpose: Purpose) -> AsyncGenerator[StreamEvent, None]:
        """Stream a reply; see `Claude.stream`. Each attempt counts as a request."""
        sent = _Sent()
        try:
            async with aclosing(self._claude.stream(request)) as events:
                async for event in events:
                    match event:
                        case Started(usage=usage):
                            sent.usage, sent.was_read = usage, True
                        case TextDelta():
                            sent.was_read = True
                        case Finished(usage=usage):
                            self._end(sent, request, purpose, usage, complete=True)
                        case Waiting():
                            sent.was_read |= event.lost
                            self._broken_off(sent, request, purpose)
                        case NewAttempt():
                            sent, purpose = _Sent(), "retry"
                    yield event
        except ClaudeError as error:
            # A refused request costs nothing, nor does a request that was never sent.
            sent.was_read |= isinstance(error, ClaudeUnreachable) and error.sent
            self._broken_off(sent, request, purpose)
            raise
        except BaseException:
            sent.was_read = True  # it is not known how far the request got
            self._broken_off(sent, request, purpose)
            raise
        else:
            self._broken_off(sent, request, purpose)

    async def count_tokens(self, request: Request) -> int:
        """Count the tokens of a request, which is free (Anthropic, "Token counting")."""
        counted = await self._claude.count_tokens(request)
        self._end(_Sent(), request, "count", Usage(), complete=True)
        return counted

    def _broken_off(self, sent: _Sent, request: Request, purpose: Purpose) -> None:
        if sent.was_read and not sent.ended:
            self._end(sent, request, purpose, sent.usage, complete=False)
        sent.ended = True

    def _end(self, sent: _Sent, request: Request, purpose: Purpose, usage: Usage, *, complete: bool) -> None:
        sent.ended = True
        priced = self._prices is not None and (complete or usage.input_total)
        micro_usd = pricing.cost(usage, self._prices) if priced and self._prices is not None else None
        if purpose == "count":
            micro_usd = 0
        model = request.parameters.model
        self._cost.add(RequestCost(self._payer, model, purpose, usage, micro_usd, complete))


class _Sent:
    """One attempt: the usage reported so far, whether Claude may have read it, whether it has ended."""

    def __init__(self) -> None:
        self.usage = Usage()
        self.was_read = False
        self.ended = False
