"""The files of a conversation, as they were prepared for Claude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.content import Block
from bot.store.connection import translated
from bot.store.keys import FILES_S, Keys

TAKEN_OUT = "it was taken out of the conversation"
"""The remark for Claude."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The blocks of a file, a remark for Claude about them, and a notice for people; each may be empty."""

    blocks: tuple[Block, ...]
    remark: str = ""
    notice: str = ""


_contents = TypeAdapter(FileContent)


class FileStore:
    """Keeps the contents of attached files for `FILES_S`, by message and attachment."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def contents(self, conversation: int) -> dict[tuple[int, int], FileContent]:
        """Return the contents by message and attachment, without those that another version wrote."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.files(conversation))
        contents = {}
        for field, text in found.items():
            message, _, attachment = str(field).partition(":")
            if not attachment.isdecimal():
                continue  # quotes, see `quote_store`
            try:
                contents[int(message), int(attachment)] = _contents.validate_json(text)
            except ValidationError:
                continue  # the file is read again
        return contents

    async def keep(self, conversation: int, message: int, attachment: int, content: FileContent) -> None:
        """Store the content of an attachment."""
        key = self._keys.files(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hset(key, f"{message}:{attachment}", _contents.dump_json(content).decode())
            pipe.expire(key, FILES_S)
            await pipe.execute()

    async def take_out(self, conversation: int, block: Block) -> None:
        """Have a file not read again when its turn is answered again."""
        for (message, attachment), content in (await self.contents(conversation)).items():
            if block in content.blocks:
                await self.keep(conversation, message, attachment, FileContent((), TAKEN_OUT))
