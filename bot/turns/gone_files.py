"""Uploads that requests name and that are gone at Anthropic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import structlog

from bot.claude.client import Claude
from bot.conversation.content import FileSource, LegacyUpload, Source, sources
from bot.conversation.errors import (
    ClaudeError,
)
from bot.conversation.request import Request
from bot.store.claim import Claim

log = structlog.get_logger()

ForgetUploads = Callable[[int, Collection[str]], Awaitable[None]]
"""Forgets uploads of a conversation, by their ids."""


async def forget_nothing(_conversation: int, _ids: Collection[str]) -> None:
    """Forget no upload: nothing holds them."""


class GoneFiles:
    """Finds uploads that are gone; `forget` is called with the conversation and their ids."""

    def __init__(self, claude: Claude, forget: ForgetUploads) -> None:
        self._claude = claude
        self._forget_uploads = forget

    async def find(self, claim: Claim, request: Request) -> frozenset[Source]:
        """Return the request's uploads that are gone, and leave them out of later requests."""
        named = {source for message in request.messages for source in sources(message.blocks)}
        uploads = {source for source in named if isinstance(source, (FileSource, LegacyUpload))}
        ids = {source.file_id for source in uploads}
        try:
            gone = await self._claude.files.missing(ids) if ids else frozenset()
        except ClaudeError:
            return frozenset()
        if gone:
            log.warning(
                "files_gone",
                conversation=claim.conversation,
                files=len(gone),
                hint="they have expired at Anthropic, were deleted there, or belong to another workspace's key",
            )
            await self._forget_uploads(claim.conversation, gone)
        return frozenset(source for source in uploads if source.file_id in gone)
