"""The Files API: uploads that messages name by id."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

import anthropic

from bot.claude.translate import translated
from bot.conversation.container_files import MEDIA_TYPES

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

UPLOAD_TIMEOUT_S = 60.0
CALL_TIMEOUT_S = 10.0
LONGEST_EXPIRY_S = 90 * 24 * 3600
"""The longest expiry that an upload may have (Anthropic, "Files API"); the shortest is an hour."""

IDS_MAX = 100
"""The most ids that one list may name."""

PAGE_FILES = 1000
"""The most files on one page of a list."""

LISTED_MAX = 5000
"""A search for a file by its name ends after this many: the calls are limited, and another upload costs little."""

EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/pdf": "pdf",
    **{media_type: ending[1:] for ending, media_type in MEDIA_TYPES.items()},
}

WITHOUT_API = (404, 405, 501)
"""What a server without a Files API answers."""


def file_name(digest: str, media_type: str) -> str:
    """Return the name of an upload: the digest of the content, because people's names of files tell about people."""
    return f"{digest}.{EXTENSIONS.get(media_type, 'bin')}"


class Files:
    """Uploads, finds and deletes files; every method raises any ClaudeError.

    `available` is False once the server was found to have no Files API.
    """

    def __init__(self, sdk: AsyncAnthropic, *, expires_in_s: int = LONGEST_EXPIRY_S) -> None:
        self._sdk = sdk
        self._expires_in_s = expires_in_s
        self.available = True

    async def exists(self) -> bool:
        """Ask whether the server has a Files API."""
        with translated():
            async with asyncio.timeout(CALL_TIMEOUT_S):
                try:
                    await self._sdk.files.list(limit=1)
                except anthropic.APIStatusError as error:
                    if error.status_code not in WITHOUT_API:
                        raise
                    return False
        return True

    async def upload(self, name: str, data: bytes, media_type: str) -> str | None:
        """Return the id of the uploaded file, None if the server has no Files API."""
        if not self.available:
            return None
        with translated():
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                try:
                    uploaded = await self._sdk.files.upload(
                        file=(name, data, media_type), expires_in_seconds=self._expires_in_s
                    )
                except anthropic.APIStatusError as error:
                    if error.status_code not in WITHOUT_API:
                        raise
                    self.available = False
                    return None
        return uploaded.id

    async def about(self, file_id: str) -> tuple[str, int]:
        """Return the name and the size in bytes of a file."""
        with translated():
            async with asyncio.timeout(CALL_TIMEOUT_S):
                found = await self._sdk.files.retrieve_metadata(file_id)
        return str(found.filename), int(found.size_bytes)

    async def download(self, file_id: str) -> bytes:
        """Return the content of a file; only files that code has made can be downloaded."""
        with translated():
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                answer = await self._sdk.files.download(file_id)
                return await answer.read()

    async def find(self, digests: Collection[str]) -> dict[str, str]:
        """Return the ids of the files that are named by these digests, as far as the first `LISTED_MAX` files go."""
        found: dict[str, str] = {}
        listed = 0
        with translated():
            async with asyncio.timeout(UPLOAD_TIMEOUT_S):
                async for file in self._sdk.files.list(limit=PAGE_FILES):
                    listed += 1
                    digest = file.filename.partition(".")[0]
                    if digest in digests:
                        found[digest] = file.id
                    if len(found) == len(digests) or listed == LISTED_MAX:
                        break
        return found

    async def delete(self, file_id: str) -> None:
        """Delete a file; there is nothing to do where the file or the Files API does not exist."""
        with translated():
            async with asyncio.timeout(CALL_TIMEOUT_S):
                try:
                    await self._sdk.files.delete(file_id)
                except anthropic.APIStatusError as error:
                    if error.status_code not in WITHOUT_API:
                        raise

    async def missing(self, ids: Collection[str]) -> frozenset[str]:
        """Return the ids that no living file has: all of them on a server without a Files API."""
        asked = sorted(ids)
        found: set[str] = set()
        with translated():
            for start in range(0, len(asked), IDS_MAX):
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    try:
                        page = self._sdk.files.list(ids=asked[start : start + IDS_MAX])
                        found.update([file.id async for file in page])
                    except anthropic.APIStatusError as error:
                        if error.status_code not in WITHOUT_API:
                            raise
                        return frozenset(asked)
        return frozenset(asked) - found
