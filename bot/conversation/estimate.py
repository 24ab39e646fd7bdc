"""The most that a request may use, before it is sent: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation import lifetime
from bot.conversation.compose import Plan
from bot.conversation.past import Past
from bot.conversation.request import Finished, PromptMessage, Request, Usage
from bot.conversation.server_tools import most_searches
from bot.conversation.tokens import PRIOR

SUMMARY_REQUEST_TOKENS = 500
"""More than the words take that ask for a summary."""


def of_reply(plan: Plan, now_ms: int) -> Usage:
    """Estimate the request for a reply: its input by the ledger, the part in the cache, and the longest reply."""
    window = plan.window
    cached = lifetime.in_cache(window.turns, plan.prefix, now_ms, pinned=window.pinned, added=plan.added).warm
    return most_of(plan.request, window.tokens, cached)


def of_summary(request: Request, plan: Plan, past: Past, now_ms: int) -> Usage:
    """Estimate the request for a summary, which extends the request before."""
    cached = lifetime.in_cache(past.history, plan.ledger.prefix, now_ms, pinned=plan.before.pinned).warm
    return most_of(request, plan.total_tokens + SUMMARY_REQUEST_TOKENS, cached)


def of_continuation(request: Request, end: Finished) -> Usage:
    """Estimate the request that goes on with a reply that paused or called tools, whose results it has."""
    usage, last = end.usage, request.messages[-1:]
    results = sum(PRIOR.sent(message) for message in last if message.role == "user")
    return most_of(request, usage.input_total + usage.output + results, usage.input_total - usage.input)


def behind(request: Request, first: Usage, messages: Sequence[PromptMessage]) -> Usage:
    """Estimate a request of which the `first` estimate knows all but these messages, which stand at its end."""
    if not messages:
        return first
    further = sum(PRIOR.sent(message) for message in messages)
    return most_of(request, first.input_total + further, first.cache_read)


def most_of(request: Request, input_tokens: int, cached_tokens: int = 0) -> Usage:
    """Estimate a request of so many tokens, some of which are in the cache; the others may be written to it.

    All searches that the request may make are reserved, too.
    """
    cached = min(cached_tokens, input_tokens) if request.breakpoints is not None else 0
    new, output = input_tokens - cached, request.parameters.max_tokens
    rest = Usage(output=output, web_searches=most_searches(request.parameters.tools))
    match None if request.breakpoints is None else request.breakpoints.newest:
        case "1h":
            return replace(rest, cache_write_1h=new, cache_read=cached)
        case "5m":
            return replace(rest, cache_write_5m=new, cache_read=cached)
        case None:
            return replace(rest, input=new)
