"""Halves of surrogate pairs: joined where both are there, U+FFFD where one is alone.

JSON can name half of a pair ("\\ud83d"), and a stream can cut a pair in two. Python's text holds such a half; UTF-8,
and so Redis and every request, does not.
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
    """Return JSON without escapes that name half of a pair alone: strict parsers refuse the document for one."""
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)


class Joiner:
    """Joins the pieces of a stream: what ends with the first half of a pair waits for the second one."""

    def __init__(self) -> None:
        self._half = ""

    def join(self, piece: str) -> str:
        """Take a piece in and return what is whole."""
        text, self._half = self._half + piece, ""
        if _FIRST_HALF.search(text):
            text, self._half = text[:-1], text[-1]
        return whole(text)

    def end(self) -> str:
        """Return what still waits: nothing, or the mark of a half that stayed alone."""
        half, self._half = self._half, ""
        return REPLACEMENT if half else ""
