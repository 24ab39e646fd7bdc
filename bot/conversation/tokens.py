"""Token estimates for what the API has not counted yet: text by its scripts, pictures by their size."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from bot.conversation.content import Block, Text, ToolResult, fixed_tokens
from bot.conversation.request import PromptMessage

FRAMING_TOKENS = 6
"""Tokens of a message besides its text."""

LEARNING_RATE = 0.5
"""The share of an error that is learned at once, so that one odd message does not undo what many have taught."""

SURE_TOKENS = 50
"""From this size on a text teaches in full; the framing is too large a share of a shorter text."""

MOST_SURPRISE = math.log(2)
"""The most that one text changes a rate: a factor of two."""

PATCH_PX = 28
"""A picture costs one token for each square of 28 by 28 pixels (Anthropic, "Vision")."""

PICTURE_LONG_EDGE_PX = 2576
"""A longer edge is scaled down to this (current models; 1568 before Claude 4.7)."""

PICTURE_MAX_TOKENS = 4784
"""The most that one picture costs on current models; 1568 before Claude 4.7."""

OLDER_PICTURE = (1568, 1568)
"""Longest edge in pixels and most tokens of a picture before Claude 4.7."""

_OLDER_MODEL = re.compile(
    r"claude-(?:[123]\b|instant\b|(?:opus|sonnet|haiku)-4(?:-[0-6])?(?![\w.]|-\d(?!\d{7})))"
)
"""The names of models before Claude 4.7; a date may follow."""

PDF_PAGE_TOKENS = 3000
"""The text of a page takes 1,500 to 3,000 tokens (Anthropic, "PDF support"); the safe side is the upper one."""

PDF_PAGE_PX = (1240, 1754)
"""A page is also seen, as a picture; an A4 page at 150 dots per inch stands for its size, which is not documented."""

# Latin letters and blanks, about 2.5 for a token; signs and digits, as in code; scripts whose characters are words or
# syllables; pictographs, which take several tokens with their joiners; all other characters.
_LATIN = b" " + string.ascii_letters.encode()
_SIGNS = bytes(set(range(0x80)).difference(_LATIN))
_CJK, _EMOJI = (
    re.compile(pattern)
    for pattern in (
        r"[\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
        r"\U00020000-\U0003ffff]",
        r"[\u200d\u20e3\u2190-\u2bff\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e007f]",
    )
)


@dataclass(frozen=True, slots=True)
class TokenRates:
    """Tokens for one character, by class: Latin prose, digits and signs (code), CJK, emoji, any other script.

    `framing` are the tokens of a message besides its text.
    The defaults are an upper figure: 1M tokens hold about 2.5M characters (Anthropic, models overview), other
    scripts take up to a token a character, pictographs more.
    """

    latin: float = 0.4
    signs: float = 0.5
    cjk: float = 1.0
    emoji: float = 2.0
    other: float = 0.7
    framing: int = FRAMING_TOKENS

    def message(self, text: str) -> int:
        """Estimate the tokens of a text as a message of its own."""
        return self.of(text) + self.framing

    def blocks(self, blocks: Iterable[Block]) -> int:
        """Estimate the tokens of content blocks: text by its characters, everything else by what it names."""
        blocks = tuple(blocks)
        return fixed_tokens(blocks) + sum(self.of(text) for text in _texts(blocks))

    def sent(self, message: PromptMessage) -> int:
        """Estimate the tokens of a message of a request; the framing counts with the user's messages."""
        return self.blocks(message.blocks) + (self.framing if message.role == "user" else 0)

    def of(self, text: str) -> int:
        """Estimate the tokens of a text."""
        return math.ceil(sum(rate * count for rate, count in zip(self._all(), classes(text), strict=True)))

    def learned(self, measured: Iterable[tuple[str, int]]) -> TokenRates:
        """Return rates that have learned from texts whose tokens the API has counted, the latest last.

        Each error is shared among the classes by what they contribute to the estimate, as a factor, so that no
        rate can become negative and a class that does not occur learns nothing.
        """
        rates = list(self._all())
        for text, tokens in measured:
            parts = [rate * count for rate, count in zip(rates, classes(text), strict=True)]
            guess = sum(parts)
            if guess <= 0 or tokens <= 0:
                continue
            surprise = max(-MOST_SURPRISE, min(MOST_SURPRISE, math.log(tokens / guess)))
            step = LEARNING_RATE * min(1.0, tokens / SURE_TOKENS) * surprise
            rates = [rate * math.exp(step * part / guess) for rate, part in zip(rates, parts, strict=True)]
        latin, signs, cjk, emoji, other = rates
        return TokenRates(latin, signs, cjk, emoji, other, self.framing)

    def _all(self) -> tuple[float, float, float, float, float]:
        return self.latin, self.signs, self.cjk, self.emoji, self.other


PRIOR = TokenRates()


def classes(text: str) -> tuple[int, int, int, int, int]:
    """Count the characters of a text by class, in the order of `TokenRates`."""
    # In UTF-8 no byte of another character is an ASCII byte; deleting bytes is faster than finding them.
    encoded = text.encode("utf-8", "surrogatepass")
    latin = len(encoded) - len(encoded.translate(None, _LATIN))
    if len(encoded) == len(text):
        return latin, len(text) - latin, 0, 0, 0
    signs = len(encoded) - len(encoded.translate(None, _SIGNS))
    cjk, emoji = len(_CJK.findall(text)), len(_EMOJI.findall(text))
    return latin, signs, cjk, emoji, len(text) - latin - signs - cjk - emoji


def _texts(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        if isinstance(block, Text):
            yield block.text
        elif isinstance(block, ToolResult):
            yield from _texts(block.content)


def estimate(text: str, rates: TokenRates = PRIOR) -> int:
    """Estimate the tokens of a text; with the rates of a conversation that has none yet, an upper figure."""
    return rates.of(text)


def is_older(model: str) -> bool:
    """Whether a model is from before Claude 4.7, so that pictures cost less, by its name."""
    return _OLDER_MODEL.search(model) is not None


def picture_tokens(width_px: int, height_px: int, *, older: bool = False) -> int:
    """Return the tokens of a picture, by the documented rule; `older` for models before Claude 4.7."""
    longest, most = OLDER_PICTURE if older else (PICTURE_LONG_EDGE_PX, PICTURE_MAX_TOKENS)
    scale = min(1.0, longest / max(width_px, height_px, 1))
    width, height = max(1, int(width_px * scale)), max(1, int(height_px * scale))
    return min(most, math.ceil(width / PATCH_PX) * math.ceil(height / PATCH_PX))


def pdf_tokens(pages: int, *, older: bool = False) -> int:
    """Return an upper figure for the tokens of a PDF: the text of each page, and the page as a picture."""
    return pages * (PDF_PAGE_TOKENS + picture_tokens(*PDF_PAGE_PX, older=older))
