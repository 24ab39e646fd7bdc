"""What the messages of a turn quote: from its entry of the history to a journal, and from there to a replay. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_args

from bot.conversation.message import Author, Quote, Quoted, QuoteKind
from bot.local.scene import SceneQuote
from bot.store.quote_store import FetchedQuotes
from bot.support.filler import FIRST_ID

KINDS: tuple[QuoteKind, ...] = get_args(QuoteKind)

FETCHED: tuple[QuoteKind, ...] = ("link", "reply", "room")
"""The kinds of quotes that the bot fetches; a replay has it take others, such as forwards, for the first kind."""

ORIGINS = {"you": "you", "app": "app"}
"""The attributes of a quoted message that say who wrote it; without one it was a person."""

PERSON = "person"

_MESSAGE = re.compile(r"<message\b[^>]*>\n?.*?\n?</message>", re.DOTALL)
_QUOTE = re.compile(r'<quote of="(\w+)"([^>\n]*)>')
_SAID = re.compile(r"<said\b([^>\n]*)>\n?(.*?)\n?</said>", re.DOTALL)
_ATTRIBUTE = re.compile(r'\b(\w+)="([^"\n]*)"')


def quotes_of(entries: Sequence[dict[str, Any]], filler: Callable[[str], str]) -> list[list[dict[str, Any]]]:
    """Return the quotes of each message, with filler for their texts; the entries are those of the store."""
    found: list[list[dict[str, Any]]] = []
    for entry in entries:
        for message in list(entry.get("turn", {}).get("sent") or ())[:1]:
            for block in message.get("blocks") or ():
                text = str(block.get("text") or "")
                if (quote := _QUOTE.match(text)) and found:
                    found[-1].append(_quote(quote, text, filler))
                else:
                    found += [[] for _ in _MESSAGE.findall(text)]
    return found


def _quote(quote: re.Match[str], text: str, filler: Callable[[str], str]) -> dict[str, Any]:
    given = dict(_ATTRIBUTE.findall(quote[2]))
    return {
        "of": quote[1] if quote[1] in KINDS else KINDS[0],
        "title": filler(given.get("title", "")),
        "remark": filler(given.get("remark", "")),
        "said": [
            {"by": _origin(attributes), "text": filler(content)}
            for attributes, content in _SAID.findall(text)
        ],
    }


def _origin(attributes: str) -> str:
    given = dict(_ATTRIBUTE.findall(attributes))
    return next((by for name, by in ORIGINS.items() if given.get(name) == "yes"), PERSON)


def fetched(quotes: Sequence[SceneQuote], number: int) -> FetchedQuotes:
    """Return the quotes of the message `number` as a bot stores those that it has fetched."""
    ids = iter(range(FIRST_ID + (number << 42), FIRST_ID + ((number + 1) << 42), 1 << 22))
    return FetchedQuotes(tuple(_stored(quote, ids) for quote in quotes))


def _stored(quote: SceneQuote, ids: Iterator[int]) -> Quote:
    said = tuple(
        Quoted(
            next(ids),
            text,
            Author(FIRST_ID, "another", "Another"),
            own=by == ORIGINS["you"],
            by_app=by == ORIGINS["app"],
        )
        for by, text in quote.said
    )
    kind = next((each for each in FETCHED if each == quote.kind), FETCHED[0])
    return Quote(kind, FIRST_ID, said, title=quote.title, remark=quote.remark)
