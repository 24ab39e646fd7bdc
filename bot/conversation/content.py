"""Content blocks: what a message of a request is made of, as the Messages API knows them; pure.

The set is closed. `bot.claude.wire` renders the blocks; nothing else knows the wire format.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is not blank (the API refuses blank text)."""

    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that was uploaded through the Files API; the store knows which uploads a conversation holds."""

    file_id: str
    type: Literal["upload"] = "upload"


@dataclass(frozen=True, slots=True)
class InlineSource:
    """A file whose bytes are part of the request; the store holds them once, by the `digest` of the content."""

    media_type: str
    digest: str
    type: Literal["inline"] = "inline"


@dataclass(frozen=True, slots=True)
class LegacyUpload:
    """An upload as versions wrote it that did not store which uploads a conversation holds."""

    file_id: str
    type: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class LegacyInline:
    """A file as versions wrote it that stored the bytes, as base64, with each entry."""

    media_type: str
    data: str
    type: Literal["base64"] = "base64"


Source = Annotated[FileSource | InlineSource | LegacyUpload | LegacyInline, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; `tokens` by the documented formula, see `bot.conversation.tokens`. The `name` is not sent."""

    source: Source
    tokens: int
    name: str = ""
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF or a plain text file; `tokens` by the documented formula. The `title` is sent, and therefore escaped."""

    source: Source
    tokens: int
    title: str = ""
    type: Literal["document"] = "document"


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A call that the model makes; `input` is a JSON object as text, because it is sent again as it came.

    So is `caller`, which says what made the call; "" if the API did not say. The input that came of a call that
    `is_broken` was no JSON object.
    """

    id: str
    name: str
    input: str
    tokens: int = 0
    caller: str = ""
    is_broken: bool = False
    type: Literal["tool_use"] = "tool_use"


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to a call."""

    tool_use_id: str
    content: tuple[Annotated[Text | Image | Document, Field(discriminator="type")], ...]
    is_error: bool = False
    type: Literal["tool_result"] = "tool_result"


@dataclass(frozen=True, slots=True)
class Opaque:
    """A block that is only sent again, such as thinking with its signature; `json` is the block as it came."""

    json: str
    tokens: int = 0
    type: Literal["opaque"] = "opaque"


Block = Annotated[
    Text | Image | Document | ToolUse | ToolResult | Opaque,
    Field(discriminator="type"),
]


GONE = Text("[a file stood here that is no longer available]")


def text_of(blocks: Iterable[Block], between: str = "") -> str:
    """Join the text of the text blocks; other blocks have none."""
    return between.join(block.text for block in blocks if isinstance(block, Text))


def ends_in_tool(blocks: Sequence[Block]) -> bool:
    """Whether the last block is a call or the result of one, also of one of the server's tools."""
    last = blocks[-1] if blocks else None
    kind = json.loads(last.json).get("type") if isinstance(last, Opaque) else getattr(last, "type", "")
    return str(kind).endswith(("tool_use", "tool_result"))


def sources(blocks: Iterable[Block]) -> Iterator[Source]:
    """Yield the files that the blocks name."""
    for block in blocks:
        if isinstance(block, (Image, Document)):
            yield block.source
        elif isinstance(block, ToolResult):
            yield from sources(block.content)


def has_picture(blocks: Iterable[Block]) -> bool:
    """Whether one of the blocks is a picture."""
    return any(
        isinstance(block, Image) or (isinstance(block, ToolResult) and has_picture(block.content))
        for block in blocks
    )


def without_files(blocks: tuple[Block, ...], gone: Collection[Source]) -> tuple[Block, ...]:
    """Return the blocks with a text in place of each file that is gone."""
    return tuple(GONE if gone and set(sources((block,))) & set(gone) else block for block in blocks)


def fixed_tokens(blocks: Iterable[Block]) -> int:
    """Sum the tokens that the blocks name themselves: those of everything but text."""
    return sum(_fixed_tokens(block) for block in blocks)


def _fixed_tokens(block: Block) -> int:
    if isinstance(block, Text):
        return 0
    if isinstance(block, ToolResult):
        return fixed_tokens(block.content)
    return block.tokens
