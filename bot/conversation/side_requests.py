"""Requests besides the one for the reply: to count a prompt, and to summarize what a trim drops; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation import breakpoints, lifetime, prompt
from bot.conversation.compose import Plan, Terms
from bot.conversation.content import FileSource, LegacyUpload, sources
from bot.conversation.ledger import Prefix, worth_counting
from bot.conversation.past import Past
from bot.conversation.request import Breakpoints, PromptMessage, Request
from bot.conversation.turn import Turn

SUMMARY_TOKENS = 4000
"""The room for a summary, in any script: as much of the history may have to be dropped for it."""


_SUMMARY = (PromptMessage.of("user", prompt.SUMMARY_REQUEST),)


def to_count(terms: Terms, plan: Plan, past: Past) -> Request | None:
    """Return the untrimmed request if an estimate is so near a limit that the API has to count it.

    After a change of the model all counts are estimates: that of the whole, and that of the trimmed window.
    """
    estimated = plan.estimated_tokens
    sizes = {(plan.total_tokens, estimated), (plan.window.tokens, min(estimated, plan.window.tokens))}
    limits = [limit for limit in (terms.limit_tokens, terms.step_tokens) if limit is not None]
    if not any(worth_counting(total, guessed, limit) for total, guessed in sizes for limit in limits):
        return None
    return replace(plan.request, messages=_untrimmed(plan, past, plan.added), breakpoints=None)


def counted_total(counted: int, plan: Plan, request: Request) -> int:
    """Return the total to plan with, given the API's count of `request`.

    The API does not look into uploaded files for a count (Anthropic, "Token counting"), so that a count of a request
    with such files can only raise the estimate.
    """
    uploaded = any(
        isinstance(source, (FileSource, LegacyUpload))
        for message in request.messages
        for source in sources(message.blocks)
    )
    return max(counted, plan.total_tokens) if uploaded else counted


def to_summarize(terms: Terms, plan: Plan, past: Past, now_ms: int) -> Request:
    """Return the request for a summary."""
    return extending(terms, plan, past, _SUMMARY, now_ms)


def extending(terms: Terms, plan: Plan, past: Past, added: Sequence[PromptMessage], now_ms: int) -> Request:
    """Return a request that extends the request before by other messages, so that most is read from the cache.

    It has a breakpoint only where an entry can be read, since nothing that it would write is read again.
    """
    turns, prefix = past.history, plan.ledger.prefix
    cached = lifetime.in_cache(turns, prefix, now_ms, pinned=plan.before.pinned)
    alive = cached.anchor if cached.hour == cached.warm else _latest(turns, prefix)
    marked = None
    if terms.cache != "off" and alive is not None:
        marked = breakpoints.of_request((*plan.before.pinned, *turns), alive)
    marks = None if marked is None else Breakpoints("5m", ((marked, "5m"),))
    return replace(plan.request, messages=_untrimmed(plan, past, added), breakpoints=marks)


def to_summarize_what_goes(plan: Plan, past: Past) -> Request:
    """Return the request for a summary of little more than the dropped turns: the whole is too long for the API."""
    upto, room = plan.window.dropped, SUMMARY_TOKENS
    while room > 0 and upto < len(past.history):
        room -= past.history[upto].tokens
        upto += 1
    gone = replace(past, history=past.history[:upto])
    # No earlier breakpoint is at its end, so that next to nothing can be read from the cache.
    return replace(plan.request, messages=_untrimmed(plan, gone, _SUMMARY), breakpoints=None)


def _latest(turns: Sequence[Turn], prefix: Prefix) -> int | None:
    """Return the latest turn whose request was cached and has the same prefix."""
    cached = (turn for turn in reversed(turns) if turn.usage.input_total > turn.usage.input)
    return next((turn.id for turn in cached if prefix.begins(turn)), None)


def _untrimmed(plan: Plan, past: Past, added: Sequence[PromptMessage]) -> tuple[PromptMessage, ...]:
    return prompt.render_messages((*plan.before.pinned, *past.history), added, plan.before.summary)
