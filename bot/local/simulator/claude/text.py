"""Text in deltas."""

from __future__ import annotations

import random
from collections.abc import Iterable

from .catalogue import Model
from .tokens import count_text

# Real deltas hold a few tokens and end anywhere, also within a word or a fence.
LONGEST_DELTA_CHARACTERS = 24


def cut(text: str) -> tuple[str, ...]:
    """The text in deltas of arbitrary size, always the same for the same text."""
    lengths = random.Random(text)
    deltas = []
    at = 0
    while at < len(text):
        length = lengths.randint(1, LONGEST_DELTA_CHARACTERS)
        deltas.append(text[at : at + length])
        at += length
    return tuple(deltas)


def joined(deltas: Iterable[str]) -> str:
    """The whole text; a pair of surrogates that two deltas share is one character of it."""
    return "".join(deltas).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def within(deltas: tuple[str, ...], tokens: int, model: Model) -> tuple[str, ...]:
    """As much of the text as `tokens` tokens hold."""
    text = "".join(deltas)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if count_text(text[:middle], model.tokenizer) <= tokens:
            low = middle
        else:
            high = middle - 1
    return first(deltas, low)


def first(deltas: tuple[str, ...], characters: int) -> tuple[str, ...]:
    """The deltas that hold the first characters of the text; the last of them may be shortened."""
    kept = []
    for delta in deltas:
        if characters <= 0:
            break
        kept.append(delta[:characters])
        characters -= len(delta)
    return tuple(kept)


def within_tokens(text: str, tokens: int) -> str:
    """The beginning of a text that holds so many tokens."""
    return text if count_text(text) <= tokens else text[: tokens * 5 // 2]
