"""What an image costs, by its size in pixels."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal

from bot.local.simulator.picture_size import size_px

# An image is cut into squares of 28 pixels, one token each; a larger one is scaled down first.
SQUARE_PX = 28
MOST_TOKENS = {"current": 4784, "older": 1568}
LONG_EDGE_PX = {"current": 2576, "older": 1568}
# Enough of a file to hold its size; in JPEG, metadata may come before it.
HEAD_CHARACTERS = 256 * 1024
# An image behind a URL is not fetched, nor one behind a file id while tokens are counted: a medium-sized image.
UNSEEN_PX = (1024, 768)


def image_tokens(source: dict[str, Any], tokenizer: Literal["current", "older"]) -> int:
    """Return the tokens of an image block's source."""
    width, height = UNSEEN_PX
    if source.get("type") == "base64":
        width, height = base64_size_px(source.get("data", "")) or UNSEEN_PX
    elif "size_px" in source:  # an uploaded file, see `Files.seen`
        width, height = source["size_px"]
    return tokens_of_size(width, height, tokenizer)


def tokens_of_size(width: int, height: int, tokenizer: Literal["current", "older"]) -> int:
    """Return the tokens of an image of a size."""
    longest = max(width, height)
    if longest > LONG_EDGE_PX[tokenizer]:
        width = max(1, width * LONG_EDGE_PX[tokenizer] // longest)
        height = max(1, height * LONG_EDGE_PX[tokenizer] // longest)
    squares = -(-width // SQUARE_PX) * -(-height // SQUARE_PX)
    return min(squares, MOST_TOKENS[tokenizer])


def base64_size_px(data: str) -> tuple[int, int] | None:
    """Return width and height of a picture in base64; None if its format is unknown."""
    head = data[:HEAD_CHARACTERS]
    try:
        return size_px(base64.b64decode(head[: len(head) // 4 * 4]))
    except (binascii.Error, ValueError):
        return None
