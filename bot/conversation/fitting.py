"""Messages that are too long for a request, shortened: pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.conversation.message import Message

LEAST_CHARS = 120
"""The least that is left of a message that is shortened to fit."""

_LEFT_OUT = "\n[… the middle of this message is left out: it is too long …]\n"


def fit(
    messages: Sequence[Message], room_tokens: int, measure: Callable[[Sequence[Message]], int]
) -> tuple[Message, ...]:
    """Shorten the longest of these messages until they take no more than `room_tokens`, by `measure`.

    A remark replaces the middle; the beginning and the end stay. No text is shortened below `LEAST_CHARS`, so that a
    very small room is exceeded rather than left empty.
    """
    fitted = list(messages)
    while (tokens := measure(fitted)) > room_tokens:
        at = max(range(len(fitted)), key=lambda number: len(fitted[number].text))
        text = fitted[at].text
        if len(text) <= LEAST_CHARS:
            break
        # A little less than needed, because the remark takes room too and each step costs time.
        over = (tokens - room_tokens) / max(1, measure([replace(fitted[at], attachments=())]))
        chars = max(LEAST_CHARS, min(int(len(text) * (1 - over)), len(text) * 19 // 20) - len(_LEFT_OUT))
        fitted[at] = replace(fitted[at], text=_shortened(text, min(chars, len(text) - 1)))
    return tuple(fitted)


def _shortened(text: str, chars: int) -> str:
    parts = text.split(_LEFT_OUT)
    head, tail = parts[0], parts[-1] if len(parts) > 1 else text
    room = max(1, chars - len(_LEFT_OUT))
    begin = min(len(head), room * 2 // 3)
    return f"{head[:begin]}{_LEFT_OUT}{tail[len(tail) - min(len(tail), room - begin) :]}"
