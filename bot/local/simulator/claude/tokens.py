"""The local Claude's own token counter.

Deterministic, and additive over content blocks, so that appending to a conversation only ever adds. By the
rule of thumb of 2.5 characters per token; text beyond ASCII costs more, as with real tokenizers.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any, Literal

from .images import image_tokens
from .sealed import opened

# Tenths of a token for one character, by the bytes of its UTF-8 form: 2.5 ASCII characters make a token;
# accented, Cyrillic and Arabic letters cost half as much again, CJK a whole one, emoji two.
ASCII_TENTHS = 4
TWO_BYTES_TENTHS = 6
THREE_BYTES_TENTHS = 10
FOUR_BYTES_TENTHS = 20

# Models before Claude 4.7 count about 30 % fewer tokens for the same text.
OLDER_SHARE = (10, 13)

# What frames a request, a turn and a content block beside its text.
REQUEST_TOKENS = 8
TURN_TOKENS = 4
BLOCK_TOKENS = 3
# A PDF page costs 1,500 to 3,000 tokens of text and an image; the size of that is not documented.
PDF_PAGE_TEXT_TOKENS = 2000
PDF_PAGE_PX = (1109, 1568)

PAGE_OBJECT = re.compile(rb"/Type\s*/Page(?![A-Za-z])")

Tokenizer = Literal["current", "older"]


def count_text(text: str, tokenizer: Tokenizer = "current") -> int:
    """Tokens of a text: 0 for none, at least 1 for any."""
    if text.isascii():
        tenths = ASCII_TENTHS * len(text)
    else:
        characters, size = len(text), len(text.encode("utf-8", "surrogatepass"))
        four = len(text.encode("utf-16-le", "surrogatepass")) // 2 - characters
        one = len(text.encode("ascii", "ignore"))
        # Of the rest, each has two bytes or three, and together they hold the remaining bytes.
        rest = characters - one - four
        three = size - one - 4 * four - 2 * rest
        tenths = (
            ASCII_TENTHS * one
            + TWO_BYTES_TENTHS * (rest - three)
            + THREE_BYTES_TENTHS * three
            + FOUR_BYTES_TENTHS * four
        )
    share, whole = OLDER_SHARE if tokenizer == "older" else (1, 1)
    return -(-tenths * share // (10 * whole))


def count_block(block: dict[str, Any], tokenizer: Tokenizer = "current") -> int:
    """Tokens of a content block or a tool definition, its framing included."""
    return BLOCK_TOKENS + _inner(block, tokenizer)


def _inner(block: dict[str, Any], tokenizer: Tokenizer) -> int:
    match block.get("type"):
        case "text":
            return count_text(block["text"], tokenizer)
        case "thinking":
            # The signature stands for the thinking itself when that was omitted.
            return count_text(block["thinking"] or block["signature"], tokenizer)
        case "image":
            return image_tokens(block["source"], tokenizer)
        case "document":
            return _document(block, tokenizer)
        case "tool_result" if isinstance(block.get("content"), list):
            return sum(count_block(part, tokenizer) for part in block["content"])
        case "web_search_tool_result" if isinstance(block.get("content"), list):
            return sum(BLOCK_TOKENS + _page(page, tokenizer) for page in block["content"])
    bare = {key: value for key, value in block.items() if key != "cache_control"}
    return count_text(json.dumps(bare, ensure_ascii=False, separators=(",", ":")), tokenizer)


def _page(page: dict[str, Any], tokenizer: Tokenizer) -> int:
    # The model reads what is encrypted for the client.
    words = f"{page['title']}{page['url']}{page.get('page_age') or ''}"
    return count_text(words + opened(page["encrypted_content"]), tokenizer)


def pdf_pages(data: bytes) -> int:
    """Pages of a PDF whose page objects are not compressed; at least one."""
    return max(1, len(PAGE_OBJECT.findall(data)))


def _document(block: dict[str, Any], tokenizer: Tokenizer) -> int:
    source = block["source"]
    title = count_text(f"{block.get('title') or ''}{block.get('context') or ''}", tokenizer)
    pages = source.get("pages")  # of an uploaded file, see `Files.seen`
    if source.get("type") == "base64":
        pages = pdf_pages(base64.b64decode(source.get("data", "")))
    if pages is not None:
        image = image_tokens({"type": "file", "size_px": PDF_PAGE_PX}, tokenizer)
        return title + int(pages) * (PDF_PAGE_TEXT_TOKENS + image)
    return title + count_text(json.dumps(source, ensure_ascii=False), tokenizer)
