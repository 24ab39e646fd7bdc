"""Where a text may be cut without tearing what a reader sees as one character (after Unicode's UAX #29)."""

from __future__ import annotations

import unicodedata

_ZERO_WIDTH_JOINER = "\u200d"
# An Indic conjunct: a letter after a virama belongs to the letter before it (UAX #29, GB9c).
_VIRAMA_COMBINING_CLASS = 9


def is_boundary(text: str, index: int) -> bool:
    """Whether a cut before `text[index]` leaves whole grapheme clusters on both sides.

    Errs towards joining: what it calls a boundary is one, but for a few scripts' prefixed marks.
    """
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before < "\x80" and after < "\x80":
        return not (before == "\r" and after == "\n")
    if _extends(after) or before == _ZERO_WIDTH_JOINER:
        return False
    if _is_regional(before) and _is_regional(after):
        return _regionals_before(text, index) % 2 == 0
    if unicodedata.combining(before) == _VIRAMA_COMBINING_CLASS and after.isalpha():
        return False
    return not _joins_hangul(before, after)


def is_unfinished(text: str) -> bool:
    """Whether the last cluster of a text that goes on is certain to lack something."""
    if not text:
        return False
    last = text[-1]
    return last == _ZERO_WIDTH_JOINER or (_is_regional(last) and _regionals_before(text, len(text)) % 2 == 1)


def _extends(char: str) -> bool:
    return (
        unicodedata.category(char) in {"Mn", "Me", "Mc"}
        or char in (_ZERO_WIDTH_JOINER, "\u200c")
        or "\U0001f3fb" <= char <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= char <= "\U000e007f"  # tags: the flags of regions
        or char in "\uff9e\uff9f"  # half-width kana voicing
        or char in "\u0e33\u0eb3"  # Thai and Lao am, letters that are spacing marks
    )


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regionals_before(text: str, index: int) -> int:
    start = index
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return index - start


def _joins_hangul(before: str, after: str) -> bool:
    """Jamo that make up one syllable: L then L, V or a syllable; V or LV then V or T; T then T."""
    if "\u1100" <= before <= "\u115f":
        return "\u1100" <= after <= "\u11a7" or "\uac00" <= after <= "\ud7a3"
    if "\u1160" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3":
        return "\u1160" <= after <= "\u11ff"
    return False
