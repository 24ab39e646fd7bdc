"""What a remote tool brings, as blocks for Claude.

Types are told by the content, never by what a server declares. Addresses stay within the result: the record of what
was consulted stands outside of it, and holds nothing that a server wrote.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from bot.conversation.content import Image, LegacyInline, Text
from bot.conversation.tokens import picture_tokens
from bot.conversation.visible import plain, readable, unforged
from bot.files.kind import Kind, kind_of
from bot.files.result import Converted, Picture
from bot.tools.tool import ToolFailed, ToolOutput

MOST_CHARS = 40_000
MOST_PICTURES = 4
MOST_ERROR_CHARS = 2000
MOST_BLOCKS = 100
MOST_NAME_CHARS = 200

Convert = Callable[[bytes], Awaitable[Converted]]


class Result(Protocol):
    """What the client returns of a call."""

    @property
    def content(self) -> Sequence[Any]:
        """The blocks."""
        ...

    @property
    def structured_content(self) -> Any:
        """A JSON value in place of blocks, or beside them."""
        ...

    @property
    def is_error(self) -> bool:
        """Whether the tool has failed."""
        ...


async def output_of(result: Result, convert: Convert) -> ToolOutput:
    """Read a result; raises ToolFailed with the tool's own words if the tool has failed."""
    blocks: list[Text | Image] = []
    room, pictures = MOST_CHARS, 0
    for block in list(result.content)[:MOST_BLOCKS]:
        found = await _block(block, convert, pictures, room)
        if isinstance(found, Image):
            pictures += 1
        elif room <= 0 or not found.text.strip():
            continue
        else:
            room -= len(found.text)
        blocks.append(found)
    if not any(isinstance(block, Text) for block in blocks) and result.structured_content is not None:
        said = json.dumps(result.structured_content, ensure_ascii=False)
        blocks.append(Text(await _cleaned(said, MOST_CHARS)))
    if result.is_error:
        said = "\n".join(block.text for block in blocks if isinstance(block, Text))
        raise ToolFailed(said[:MOST_ERROR_CHARS] or "the tool has failed and said nothing")
    return ToolOutput(tuple(blocks))


async def _block(block: Any, convert: Convert, pictures: int, room: int) -> Text | Image:
    match getattr(block, "type", ""):
        case "text":
            return Text(await _cleaned(str(block.text), room))
        case "image":
            return await _picture(str(block.data), convert, pictures)
        case "resource_link":
            return Text(f"[a resource: {_short(block.name)}, {_short(block.uri)}]")
        case "resource":
            return await _resource(block.resource, convert, pictures, room)
        case "audio":
            return Text("[a recording, which cannot be passed on]")
        case _:
            return Text("[something that cannot be passed on]")


async def _resource(resource: Any, convert: Convert, pictures: int, room: int) -> Text | Image:
    uri = _short(resource.uri)
    if (text := getattr(resource, "text", None)) is not None:
        return Text(f"[the resource {uri}]\n{await _cleaned(str(text), room)}")
    found = await _picture(str(getattr(resource, "blob", "")), convert, pictures)
    return found if isinstance(found, Image) else Text(f"[the resource {uri}, which cannot be passed on]")


async def _picture(encoded: str, convert: Convert, pictures: int) -> Text | Image:
    if pictures >= MOST_PICTURES:
        return Text("[a further picture, which was left out]")
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return Text("[a picture that cannot be read]")
    if kind_of(data) is not Kind.IMAGE:
        return Text("[something that is no picture]")
    made = await convert(data)
    if not isinstance(made, Picture):
        return Text("[a picture that cannot be read]")
    inline = LegacyInline(made.media_type, base64.b64encode(made.data).decode())
    return Image(inline, picture_tokens(made.width, made.height))


async def _cleaned(text: str, room: int) -> str:
    """Return a text without what hides in it, and without imitations of our elements; far too long ones are cut.

    A text that is made for it takes some hundred milliseconds: in a thread, it holds up no other conversation.
    """
    return await asyncio.to_thread(_clean, text[: 2 * max(room, 0)])


def _clean(text: str) -> str:
    return unforged(readable(text))


def _short(text: Any) -> str:
    return unforged(plain(str(text)[: 2 * MOST_NAME_CHARS])[:MOST_NAME_CHARS])
