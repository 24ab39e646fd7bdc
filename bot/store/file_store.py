"""The files of a conversation, as they were prepared for Claude."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bot.conversation.content import Block
from bot.store.connection import Redis, translated
from bot.store.keys import Keys


@dataclass(frozen=True, slots=True)
class FileContent:
    """The blocks of a file, a remark for Claude about them, and a notice for people; each may be empty."""

    blocks: tuple[Block, ...]
    remark: str = ""
    notice: str = ""


_contents = TypeAdapter(FileContent)


class FileStore:
    """Keeps the content of each attachment for as long as its conversation, by the id of the attachment."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def contents(self, conversation: int) -> dict[int, FileContent]:
        """Return the contents by attachment; an entry that this version cannot read is left out."""
        with translated():
            found: dict[str, str] = await self._redis.hgetall(self._keys.files(conversation))
        contents = {}
        for attachment, text in found.items():
            try:
                contents[int(attachment)] = _contents.validate_json(text)
            except ValidationError:
                continue  # the file is prepared again
        return contents

    async def keep(self, conversation: int, attachment: int, content: FileContent) -> None:
        """Keep the content of an attachment."""
        key = self._keys.files(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.hset(key, str(attachment), _contents.dump_json(content).decode())
            pipe.expire(key, self._ttl_s)
            await pipe.execute()
