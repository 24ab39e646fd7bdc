"""What an image costs, by its size in pixels."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Any, Literal

# An image is cut into squares of 28 pixels, one token each; a larger one is scaled down first.
SQUARE_PX = 28
MOST_TOKENS = {"current": 4784, "older": 1568}
LONG_EDGE_PX = {"current": 2576, "older": 1568}
# Enough of a file to hold its size; in JPEG, metadata may come before it.
HEAD_CHARACTERS = 256 * 1024
# An image behind a URL is not fetched, nor one behind a file id while tokens are counted: a medium-sized image.
UNSEEN_PX = (1024, 768)

JPEG_SIZE_MARKERS = frozenset(
    {*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
)


def image_tokens(source: dict[str, Any], tokenizer: Literal["current", "older"]) -> int:
    """Tokens of an image block's source."""
    width, height = UNSEEN_PX
    if source.get("type") == "base64":
        width, height = size_px(source.get("data", "")) or UNSEEN_PX
    elif "size_px" in source:  # an uploaded file, see `Files.seen`
        width, height = source["size_px"]
    longest = max(width, height)
    if longest > LONG_EDGE_PX[tokenizer]:
        width = max(1, width * LONG_EDGE_PX[tokenizer] // longest)
        height = max(1, height * LONG_EDGE_PX[tokenizer] // longest)
    squares = -(-width // SQUARE_PX) * -(-height // SQUARE_PX)
    return min(squares, MOST_TOKENS[tokenizer])


def size_px(data: str) -> tuple[int, int] | None:
    """Width and height of a base64 PNG, GIF, JPEG or WebP; None when it is none of them."""
    head = data[:HEAD_CHARACTERS]
    try:
        raw = base64.b64decode(head[: len(head) // 4 * 4])
    except (binascii.Error, ValueError):
        return None
    try:
        if raw.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack(">II", raw[16:24])
        if raw[:6] in (b"GIF87a", b"GIF89a"):
            return struct.unpack("<HH", raw[6:10])
        if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
            return _webp(raw)
        if raw.startswith(b"\xff\xd8"):
            return _jpeg(raw)
    except (struct.error, IndexError):
        return None
    return None


def _webp(raw: bytes) -> tuple[int, int] | None:
    match raw[12:16]:
        case b"VP8X":
            return 1 + int.from_bytes(raw[24:27], "little"), 1 + int.from_bytes(raw[27:30], "little")
        case b"VP8L":
            bits = int.from_bytes(raw[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = struct.unpack("<HH", raw[26:30])
            return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(raw: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(raw):
        if raw[at] != 0xFF:
            return None
        if raw[at + 1] in JPEG_SIZE_MARKERS:
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(raw[at + 2 : at + 4], "big")
    return None
