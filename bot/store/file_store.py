"""The files of a conversation, as they were prepared for Claude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError
from redis.asyncio import Redis

from bot.conversation.content import Block, Text, sources
from bot.conversation.elements import TAKEN_OUT
from bot.store.claim import Lease
from bot.store.connection import translated
from bot.store.hash_values import HashValues
from bot.store.held_files import HeldFiles
from bot.store.key_lifetimes import FILES_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.held_files import KeepPrepared


@dataclass(frozen=True, slots=True)
class FileContent:
    """The blocks of a file, a remark for Claude about them, and a notice for people; each may be empty."""

    blocks: tuple[Block, ...]
    remark: str = ""
    notice: str = ""


_contents = TypeAdapter(FileContent)


def text_of(stored: str) -> str:
    """Return the text of a stored content, "" for pictures and for what another version wrote."""
    try:
        content = _contents.validate_json(stored)
    except ValidationError:
        return ""
    return "\n".join(block.text for block in content.blocks if isinstance(block, Text))


class FileStore:
    """Keeps the contents of attached files for `FILES_S`, by message and attachment.

    With `held`, contents whose file is gone are left out.
    """

    def __init__(self, redis: Redis, keys: Keys, held: HeldFiles | None = None) -> None:
        self._redis = redis
        self._keys = keys
        self._held = held
        self._scripts = Scripts(redis)
        self._values = HashValues(redis, _contents)

    async def contents(self, conversation: int) -> dict[tuple[int, int], FileContent]:
        """Return the contents by message and attachment, without those that another version wrote."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(self._keys.files(conversation))
        contents: dict[tuple[int, int], FileContent] = {}
        for field, text in found.items():
            message, _, attachment = str(field).partition(":")
            if not attachment.isdecimal():
                continue  # quotes, see `quote_store`
            try:
                contents[int(message), int(attachment)] = _contents.validate_json(text)
            except ValidationError:
                continue  # the file is read again
        if self._held is None:
            return contents
        named = frozenset(source for content in contents.values() for source in sources(content.blocks))
        gone = (await self._held.held(conversation, named)).gone if named else frozenset()
        return {key: each for key, each in contents.items() if gone.isdisjoint(sources(each.blocks))}

    async def keep(self, lease: Lease, message: int, attachment: int, content: FileContent) -> None:
        """Store the content of an attachment; Fenced if the lease is lost."""
        await self._scripts.run(
            KeepPrepared(
                lease=self._keys.lease(lease.conversation),
                prepared=self._keys.files(lease.conversation),
                token=lease.token,
                field=f"{message}:{attachment}",
                value=self._values.text(content),
                ttl_s=FILES_S,
            )
        )

    async def take_out(self, conversation: int, block: Block) -> None:
        """Leave a file out of later regenerations of its turn."""
        key, without = self._keys.files(conversation), FileContent((), TAKEN_OUT)
        for (message, attachment), content in (await self.contents(conversation)).items():
            if block in content.blocks:
                await self._values.change(
                    key, f"{message}:{attachment}", lambda found: without if block in found.blocks else None
                )
