"""How many tokens a text takes: measured where the API told, estimated until then."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.conversation.request import Usage
from bot.conversation.turn import Turn

CHARS_PER_TOKEN = 2.5
"""1M tokens hold about 2.5M characters on the current tokenizer (Anthropic, models overview)."""

TOKENS_PER_WIDE_CHAR = 1.0
"""CJK, emoji and other scripts beyond Latin take about a token a character; erring upward is the safe side."""

FRAMING_TOKENS = 6
"""What a message takes besides its text."""

_LATIN_END = 0x250


def estimate(text: str) -> int:
    """Estimate the tokens of a text; an upper figure for ordinary prose."""
    wide = sum(1 for char in text if ord(char) >= _LATIN_END)
    return math.ceil((len(text) - wide) / CHARS_PER_TOKEN + wide * TOKENS_PER_WIDE_CHAR)


def measure_user(
    user: str, usage: Usage, window: Sequence[Turn], *, model: str, cut: int, prefix_key: str
) -> int:
    """Return the tokens of the newest user block, by the difference of two requests where that is exact.

    It is where the request before was answered by the same model with the same system prompt and the same cut,
    so that the new one only adds its reply and the new block.
    """
    if window:
        last = window[-1]
        same = (last.model, last.cut, last.prefix_key) == (model, cut, prefix_key)
        if last.outcome == "answered" and same and last.usage.input_total:
            measured = usage.input_total - last.usage.input_total - last.reply_tokens
            if measured > 0:
                return measured
    return estimate(user) + FRAMING_TOKENS
