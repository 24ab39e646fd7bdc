"""The Files API: uploads that messages name by id."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

import anthropic
import structlog

from bot.claude.translate import translated

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

log = structlog.get_logger()

UPLOAD_TIMEOUT_S = 60.0
LIST_TIMEOUT_S = 10.0
LONGEST_EXPIRY_S = 90 * 24 * 3600
"""The longest expiry that an upload may have (Anthropic, "Files API"); the shortest is an hour."""

IDS_MAX = 100
"""The most ids that one list may name."""

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


class Files:
    """Uploads files, unless the server has no Files API."""

    def __init__(self, sdk: AsyncAnthropic, *, expires_in_s: int) -> None:
        self._sdk = sdk
        self._expires_in_s = min(max(expires_in_s, 3600), LONGEST_EXPIRY_S)
        self.available = True

    async def upload(self, data: bytes, media_type: str) -> str | None:
        """Return the id of the uploaded file, None if the server has no Files API; raises any ClaudeError.

        The file gets a neutral name, because names tell about people.
        """
        if not self.available:
            return None
        name = f"file.{EXTENSIONS.get(media_type, 'bin')}"
        with translated():
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                try:
                    uploaded = await self._sdk.files.upload(
                        file=(name, data, media_type), expires_in_seconds=self._expires_in_s
                    )
                except anthropic.APIStatusError as error:
                    if error.status_code not in (404, 405, 501):
                        raise
                    self.available = False
                    log.warning(
                        "files_api_missing",
                        hint="this Claude server has no Files API: files are sent with each request",
                    )
                    return None
        return uploaded.id

    async def missing(self, ids: Collection[str]) -> frozenset[str]:
        """Return the ids, of at most `IDS_MAX`, that no living file has; raises any ClaudeError."""
        asked = list(ids)[:IDS_MAX]
        with translated():
            async with asyncio.timeout(LIST_TIMEOUT_S):
                found = {file.id async for file in self._sdk.files.list(ids=asked)}
        return frozenset(asked) - found
