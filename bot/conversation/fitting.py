"""Messages that are too long for a request, shortened: pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.conversation.bounds import shortened
from bot.conversation.message import Message, Quoted

LEAST_CHARS = 120
"""The least that is left of a message that is shortened to fit."""

TOO_MUCH = "left out, because it is all more than can be read at once"
"""The remark of a quoted file that is left out to fit."""

_LEFT_OUT = "\n[… the middle of this message is left out: it is too long …]\n"

T = TypeVar("T")

Measure = Callable[[Sequence[Message]], int]
"""The tokens of messages."""


def fit(messages: Sequence[Message], room_tokens: int, measure: Measure) -> tuple[Message, ...]:
    """Shorten these messages until they take no more than `room_tokens`, by `measure`.

    What they quote is shortened first, the longest part first, then the files of quotes are left out, then the
    people's own words are shortened. A remark replaces the middle of a text; the beginning and the end stay. No text
    is shortened below `LEAST_CHARS`, so that a very small room is exceeded rather than left empty.
    """
    fitted = tuple(messages)
    for shorten in (_shorten_quoted, _drop_quoted_file, _shorten_own):
        while (tokens := measure(fitted)) > room_tokens:
            shorter = shorten(fitted, tokens - room_tokens, measure)
            if shorter is None:
                break
            fitted = shorter
    return fitted


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a quoted message stands: the indexes of the message, of its quote, and of the quoted message."""

    message: int
    quote: int
    said: int

    def put(self, messages: tuple[Message, ...], said: Quoted) -> tuple[Message, ...]:
        message = messages[self.message]
        quote = message.quotes[self.quote]
        quote = replace(quote, messages=_with(quote.messages, self.said, said))
        message = replace(message, quotes=_with(message.quotes, self.quote, quote))
        return _with(messages, self.message, message)


def _quoted(messages: Sequence[Message]) -> Iterator[tuple[_Place, Quoted]]:
    for at, message in enumerate(messages):
        for number, quote in enumerate(message.quotes):
            for index, said in enumerate(quote.messages):
                yield _Place(at, number, index), said


def _shorten_quoted(
    messages: tuple[Message, ...], over_tokens: int, measure: Measure
) -> tuple[Message, ...] | None:
    """Shorten the longest quoted message that can be shortened: its embeds first, then its text."""
    for place, said in sorted(_quoted(messages), key=lambda each: _chars(each[1]), reverse=True):
        embeds = tuple(
            replace(each, description=shortened(each.description, LEAST_CHARS), fields=(), footer="")
            for each in said.embeds
        )
        if embeds != said.embeds:
            return place.put(messages, replace(said, embeds=embeds))
        if len(said.text) > LEAST_CHARS:
            tokens = measure([_bare(messages[place.message], said.text)])
            return place.put(messages, replace(said, text=_shorter(said.text, over_tokens / max(1, tokens))))
    return None


def _drop_quoted_file(
    messages: tuple[Message, ...], _over_tokens: int, _measure: Measure
) -> tuple[Message, ...] | None:
    """Leave out the last file of the quotes."""
    for place, said in reversed(list(_quoted(messages))):
        for index, attachment in reversed(list(enumerate(said.attachments))):
            if attachment.blocks:
                dropped = replace(attachment, blocks=(), remark=TOO_MUCH)
                return place.put(messages, replace(said, attachments=_with(said.attachments, index, dropped)))
    return None


def _shorten_own(
    messages: tuple[Message, ...], over_tokens: int, measure: Measure
) -> tuple[Message, ...] | None:
    """Shorten the longest message."""
    at = max(range(len(messages)), key=lambda number: len(messages[number].text))
    message = messages[at]
    if len(message.text) <= LEAST_CHARS:
        return None
    tokens = measure([_bare(message, message.text)])
    shorter = replace(message, text=_shorter(message.text, over_tokens / max(1, tokens)))
    return _with(messages, at, shorter)


def _bare(message: Message, text: str) -> Message:
    """Return a message that holds a text only."""
    return Message(message.id, message.author, text)


def _chars(said: Quoted) -> int:
    fields = (part for embed in said.embeds for field in embed.fields for part in field)
    return len(said.text) + sum(len(embed.description) for embed in said.embeds) + sum(map(len, fields))


def _with(values: tuple[T, ...], index: int, value: T) -> tuple[T, ...]:
    return (*values[:index], value, *values[index + 1 :])


def _shorter(text: str, over: float) -> str:
    """Shorten a text by this share of it, and by a little more, since the remark takes room and each step time."""
    chars = max(LEAST_CHARS, min(int(len(text) * (1 - over)), len(text) * 19 // 20) - len(_LEFT_OUT))
    return _shortened(text, min(chars, len(text) - 1))


def _shortened(text: str, chars: int) -> str:
    parts = text.split(_LEFT_OUT)
    head, tail = parts[0], parts[-1] if len(parts) > 1 else text
    room = max(1, chars - len(_LEFT_OUT))
    begin = min(len(head), room * 2 // 3)
    return f"{head[:begin]}{_LEFT_OUT}{tail[len(tail) - min(len(tail), room - begin) :]}"
