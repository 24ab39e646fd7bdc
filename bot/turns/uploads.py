"""Passes the content of files to Claude: uploaded once, or inline with each request.

A keyed hash of the bytes and the conversation identifies an upload and names the file at Anthropic. A crash or a lost
response leaves an upload whose id is not known: the next attempt finds that file by its name.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Literal
from weakref import WeakValueDictionary

import structlog

from bot.claude.files import Files, file_name
from bot.conversation.content import FileSource, InlineSource, Source
from bot.conversation.errors import ClaudeError
from bot.files.result import Problem
from bot.store.claim import Lease
from bot.store.held_files import HeldFiles

log = structlog.get_logger()


class Uploads:
    """Passes files on to Claude.

    By `mode` files are uploaded ("files"), sent inline ("inline"), or sent inline where they cannot be uploaded
    ("auto"). `secret` is the key of the hashes. `running` are the uploads that have begun.
    """

    def __init__(
        self, files: Files, held: HeldFiles, secret: bytes, mode: Literal["auto", "files", "inline"]
    ) -> None:
        self._files = files
        self._held = held
        self._secret = secret
        self._mode = mode
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._warned = False
        self.running: set[asyncio.Task[str | None]] = set()

    async def source(self, lease: Lease, data: bytes, media_type: str) -> Source | Problem:
        """Upload or store the content of a file, and return its source for a content block.

        Fenced if the lease is lost.
        """
        # In a thread: 20 MB take a tenth of a second.
        digest = await asyncio.to_thread(self._digest, lease.conversation, data, media_type)
        # One message may have the same file twice.
        async with self._locks.setdefault(digest, asyncio.Lock()):
            if self._mode != "inline":
                file_id = await self._to_its_end(self._uploaded(lease, digest, data, media_type))
                if file_id is not None:
                    return FileSource(file_id)
                if self._mode == "files":
                    return Problem.NOT_UPLOADED
            text = base64.b64encode(data).decode()
            if len(text) > self._held.inline.most_bytes:
                return Problem.TOO_LARGE
            await self._held.inline.put(lease, digest, text)
            return InlineSource(media_type, digest)

    async def _to_its_end(self, upload: Coroutine[Any, Any, str | None]) -> str | None:
        """Finish an upload even if its turn is cancelled, so that the id of the uploaded file is stored."""
        task = asyncio.create_task(upload, name="upload")
        self.running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Task[str | None]) -> None:
        self.running.discard(task)
        if not task.cancelled():
            task.exception()  # asyncio would log an exception that a cancelled turn has not retrieved

    async def _uploaded(self, lease: Lease, digest: str, data: bytes, media_type: str) -> str | None:
        """Return the id of the content at Anthropic, uploaded if necessary; None if that is not possible."""
        conversation = lease.conversation
        upload = await self._held.upload(conversation, digest)
        if upload is not None and upload.file_id is not None:
            return upload.file_id
        try:
            file_id = None
            if upload is not None:
                file_id = await self._find(conversation, digest)
            if file_id is None:
                upload = await self._held.begin_upload(lease, digest)
                if upload.file_id is not None:
                    return upload.file_id
                file_id = await self._files.upload(file_name(digest, media_type), data, media_type)
        except ClaudeError as error:
            log.warning("file_upload_failed", kind=type(error).__name__, detail=str(error))
            return None
        if file_id is None or upload is None:
            self._warn()
            if upload is not None:
                await self._held.forget_upload(conversation, digest, upload)
            return None
        recorded = await self._held.record_upload(conversation, digest, replace(upload, file_id=file_id))
        return recorded.file_id

    async def _find(self, conversation: int, digest: str) -> str | None:
        """Return the id of an upload whose answer was lost, unless that file is about to be deleted."""
        discarded = await self._held.discarded(conversation)
        file_id = (await self._files.find((digest,))).get(digest)
        return None if file_id in discarded else file_id

    def _warn(self) -> None:
        """Tell the operator once that the server has no Files API."""
        if self._warned:
            return
        self._warned = True
        if self._mode == "files":
            log.error(
                "files_api_missing",
                hint='this Claude server has no Files API, and claude.files = "files" allows no other way: '
                'set claude.files (BOT_CLAUDE__FILES) to "auto" or "inline"',
            )
        else:
            log.warning(
                "files_api_missing",
                hint="this Claude server has no Files API: files are sent with each request",
            )

    def _digest(self, conversation: int, data: bytes, media_type: str) -> str:
        """Return a keyed hash: without the key it cannot be compared with known files, nor across conversations."""
        content = f"{conversation} {media_type} {hashlib.sha256(data).hexdigest()}"
        return hmac.new(self._secret, content.encode(), hashlib.sha256).hexdigest()[:32]
