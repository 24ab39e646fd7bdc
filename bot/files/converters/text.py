"""Text in any common encoding: code, logs, CSV, Markdown, HTML, SVG."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from bot.files.result import Limits, Problem, Words
from bot.files.shorten import shortened

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the beginning of this one
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

DETECTED_BYTES = 200_000
"""The beginning is enough to detect an encoding, and the detection takes time."""

SPARSE_CHARS, SPARSE_SHARE = 20, 0.3
"""With fewer characters beyond ASCII a detection is a guess, and the text most probably Western European."""

BROKEN_SHARE_MAX = 0.1
"""Text in another encoding has far fewer bytes that happen to be characters of UTF-8 than bytes that are not."""

UTF16_ZEROS, UTF16_STRAY_ZEROS = 0.4, 0.02

CONTROL_SHARE_MAX = 0.05
"""Text has few control characters; with more of them, the bytes are no text."""


def convert(data: bytes, limits: Limits) -> Words | Problem:
    """Return the text."""
    text = decoded(data)
    if text is None:
        return Problem.UNSUPPORTED
    return shortened(text, limits.text_chars)


def decoded(data: bytes) -> str | None:
    """Return the text that the bytes encode, None if they are no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _plausible(data.decode(encoding, "replace"))
    if b"\x00" in data:
        order = _byte_order(data[:DETECTED_BYTES])
        return None if order is None else _plausible(data.decode(order, "replace"))
    if (text := _utf8(data)) is not None:
        return _plausible(text)
    foreign = sum(byte > 0x7F for byte in data[:DETECTED_BYTES])
    if foreign <= min(SPARSE_CHARS, SPARSE_SHARE * len(data)):
        return _plausible(data.decode("cp1252", "replace"))
    best = from_bytes(data[:DETECTED_BYTES]).best()
    return None if best is None else _plausible(data.decode(best.encoding, "replace"))


def _utf8(data: bytes) -> str | None:
    """Return UTF-8 as text, also where it was cut within a character or a few bytes are broken; None if it is not."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        is_cut = error.reason == "unexpected end of data"
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    sound = len(text) - len(text.encode("ascii", "ignore")) - broken
    if is_cut and sound:
        return text.removesuffix("\ufffd")
    return text if broken <= BROKEN_SHARE_MAX * sound else None


def _byte_order(head: bytes) -> str | None:
    """Return the encoding of UTF-16 without a mark: most characters have a zero as their upper byte."""
    zeros = head[::2].count(0), head[1::2].count(0)
    least, most = UTF16_ZEROS * (len(head) // 2), UTF16_STRAY_ZEROS * (len(head) // 2)
    if zeros[1] >= least and zeros[0] <= most:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] >= least and zeros[1] <= most else None


def _plausible(text: str) -> str | None:
    controls = sum(1 for char in text[:DETECTED_BYTES] if char < " " and char not in "\t\n\r\f\x1b")
    return None if controls > CONTROL_SHARE_MAX * min(len(text), DETECTED_BYTES) else text
