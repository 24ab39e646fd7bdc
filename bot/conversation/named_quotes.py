"""Quotes that name a message only, because its text stands above, where the cache holds it, or comes later; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.message import Message, Quote, Quoted, QuoteKind
from bot.conversation.quoting import UNOPENED, named, own_message

VERBS: dict[QuoteKind, str] = {"reply": "this replies to", "link": "this links to"}


def named_quote(kind: QuoteKind, channel: int, name: str) -> Quote:
    """Return a quote that names a message, whose text stands above."""
    return Quote(kind, channel, remark=f"{VERBS[kind]} {name}, which stands above")


def later_quote(kind: QuoteKind, channel: int, name: str) -> Quote:
    """Return a quote that names a message, which waits for an answer of its own."""
    return Quote(
        kind, channel, remark=f"{VERBS[kind]} {name}, which waits: you are shown and answer it after this"
    )


def each_once(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Name a message that an earlier message of the turn quotes, in place of quoting it again.

    This is not stored, because the earlier message may be deleted before the next attempt. A message whose files are
    not opened is quoted again, with its files.
    """
    seen: dict[int, Quoted] = {}

    def once(quote: Quote) -> Quote:
        found = seen.get(quote.messages[0].id) if quote.kind in VERBS and quote.messages else None
        if found is None:
            return quote
        name = own_message(found.id) if found.own else named(found.author, found.id)
        return named_quote(quote.kind, quote.channel, name)

    result = []
    for message in messages:
        quotes = tuple(map(once, message.quotes))
        result.append(replace(message, quotes=quotes))
        for quote in quotes:
            if quote.kind != "forward":
                seen |= {said.id: said for said in quote.messages if not _has_unopened(said)}
    return tuple(result)


def _has_unopened(said: Quoted) -> bool:
    return any(file.remark == UNOPENED for file in said.attachments)
