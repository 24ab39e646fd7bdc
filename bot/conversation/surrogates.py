"""Surrogates: two halves of a pair are joined, a lone half becomes U+FFFD.

JSON can name half of a pair ("\\ud83d"), and a stream can split a pair. A Python string can hold a lone half; UTF-8
cannot, and so neither can Redis nor a request.
"""

from __future__ import annotations

import re

REPLACEMENT = "\ufffd"

_HALF = re.compile("[\ud800-\udfff]")
_FIRST_HALF = re.compile("[\ud800-\udbff]$")
# An escape of one character, so that the backslash of an escaped backslash begins none.
_ESCAPE = re.compile(
    r"\\(?:(?P<pair>u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


def whole(text: str) -> str:
    """Return the text with its halves joined or replaced."""
    if text.isascii() or not _HALF.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole_json(text: str) -> str:
    """Return JSON without escapes of lone halves: strict parsers refuse a document that has one."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)


class Joiner:
    """Joins pairs that a stream has split: the first half waits for the next piece."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, piece: str) -> str:
        """Add a piece and return the text that is complete."""
        text, self._half = self._half + piece, ""
        if _FIRST_HALF.search(text):
            text, self._half = text[:-1], text[-1]
        return whole(text)

    def end(self) -> str:
        """Return the rest: nothing, or U+FFFD for a lone half."""
        half, self._half = self._half, ""
        return REPLACEMENT if half else ""
