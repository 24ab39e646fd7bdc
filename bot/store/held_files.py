"""The files that a conversation holds: ids of uploads and inline bytes, stored once for each digest of a content.

A file that the history names and that the conversation does not hold is gone: every later request has a text in its
place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation.content import FileSource, InlineSource, Source
from bot.store.claim import Lease
from bot.store.connection import translated
from bot.store.file_sweeps import UNNAMED_S, FileSweeps
from bot.store.inline_files import InlineFiles
from bot.store.key_lifetimes import UPLOADS_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.held_files import BeginUpload, RecordUpload
from bot.store.scripts.privacy import ReplaceField


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that began at `begun_s`, in seconds since 1970; `file_id` is None until the response is known."""

    begun_s: int
    file_id: str | None = None

    @property
    def text(self) -> str:
        """The upload as it is stored."""
        return f"{self.begun_s}{f' {self.file_id}' if self.file_id else ''}"

    @classmethod
    def read(cls, text: str) -> Upload:
        """Read a stored upload."""
        begun_s, _, file_id = text.partition(" ")
        return cls(int(begun_s), file_id or None)


@dataclass(frozen=True, slots=True)
class Held:
    """The state of the requested files: `gone` are not held, `expired` counts those that have just expired.

    `inline` maps the digests of the inline files that are held to their bytes, as base64.
    """

    gone: frozenset[Source]
    expired: int
    inline: Mapping[str, str]


class HeldFiles:
    """Reads and writes the files that conversations hold.

    An upload is held for `upload_s`, the bytes of inline files as InlineFiles says.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        ttl_s: int,
        upload_s: int,
        inline_bytes: int,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._redis = redis
        self._keys = keys
        self._sweeps = FileSweeps(redis, keys)
        self._scripts = Scripts(redis)
        self._upload_s = upload_s
        self._now_s = now_s
        self.inline = InlineFiles(redis, keys, ttl_s=ttl_s, most_bytes=inline_bytes, now_s=now_s)

    async def held(self, conversation: int, named: Collection[Source]) -> Held:
        """Return which of the named files are gone, and the bytes of the other inline files."""
        digests = sorted({source.digest for source in named if isinstance(source, InlineSource)})
        names_uploads = any(isinstance(source, FileSource) for source in named)
        inline = await self.inline.used(conversation, digests) if digests else {}
        alive, expired = await self._uploads(conversation, named) if names_uploads else (frozenset(), 0)

        def is_gone(source: Source) -> bool:
            match source:
                case InlineSource():
                    return source.digest not in inline
                case FileSource():
                    return source not in alive
                case _:
                    return False  # nothing was stored about the files of earlier versions

        return Held(frozenset(filter(is_gone, named)), expired, inline)

    async def upload(self, conversation: int, digest: str) -> Upload | None:
        """Return the upload of a content; None if there is none or the upload has expired."""
        with translated():
            found = await self._redis.hget(self._keys.uploads(conversation), digest)
        upload = Upload.read(str(found)) if found else None
        return upload if upload is not None and self._lives(upload) else None

    async def begin_upload(self, lease: Lease, digest: str) -> Upload:
        """Store that a content is about to be uploaded: after a lost response, the file is searched for at Anthropic.

        Another worker's upload of the content is returned instead. Fenced if the lease is lost.
        """
        conversation, now_s = lease.conversation, int(self._now_s())
        await self._sweeps.schedule(conversation, UNNAMED_S)
        begun_s, file_id = await self._scripts.run(
            BeginUpload(
                lease=self._keys.lease(conversation),
                uploads=self._keys.uploads(conversation),
                token=lease.token,
                digest=digest,
                begun_s=now_s,
                oldest_s=now_s - self._upload_s + 1,
                ttl_s=UPLOADS_S,
            )
        )
        return Upload(int(begun_s), file_id or None)

    async def record_upload(self, conversation: int, digest: str, upload: Upload) -> Upload:
        """Store an upload; if another worker has uploaded the content, return that upload and delete the new one."""
        await self._sweeps.schedule(conversation, UNNAMED_S)
        return await self.note_found(conversation, digest, upload)

    async def note_found(self, conversation: int, digest: str, upload: Upload) -> Upload:
        """Store an upload that the sweep which asks for it has found, as `record_upload` does."""
        begun_s, file_id = await self._scripts.run(
            RecordUpload(
                uploads=self._keys.uploads(conversation),
                discarded=self._keys.discarded(conversation),
                digest=digest,
                begun_s=upload.begun_s,
                file_id=upload.file_id or "",
                oldest_s=int(self._now_s()) - self._upload_s + 1,
                ttl_s=UPLOADS_S,
            )
        )
        return Upload(int(begun_s), file_id)

    async def hold_made(self, conversation: int, ids: Collection[str]) -> None:
        """Hold files that were made at Anthropic, so that a sweep deletes them: no history names them."""
        for file_id in ids:
            made = Upload(int(self._now_s()), file_id)
            await self.record_upload(conversation, f"made-{file_id}", made)

    async def discarded(self, conversation: int) -> tuple[str, ...]:
        """Return the ids of the uploads that are about to be deleted."""
        return await self._sweeps.discarded(conversation)

    async def forget_uploads(self, conversation: int, ids: Collection[str]) -> None:
        """Forget uploads that are gone."""
        key = self._keys.uploads(conversation)
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(key)
        for digest, text in found.items():
            if Upload.read(str(text)).file_id in ids:
                await self._forget(conversation, str(digest), str(text))

    async def forget_upload(self, conversation: int, digest: str, upload: Upload) -> None:
        """Forget an upload that failed."""
        await self._forget(conversation, digest, upload.text)

    async def _forget(self, conversation: int, digest: str, text: str) -> bool:
        """Forget an upload as it was read; False if another one has its place by now."""
        uploads = self._keys.uploads(conversation)
        return bool(await self._scripts.run(ReplaceField(value=uploads, field=digest, before=text, after="")))

    async def _uploads(self, conversation: int, named: Collection[Source]) -> tuple[frozenset[Source], int]:
        """Return the uploads that have not expired; forget and count the named uploads that have."""
        key = self._keys.uploads(conversation)
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(key)
        uploads = {str(digest): Upload.read(str(text)) for digest, text in found.items()}
        alive = frozenset(
            FileSource(upload.file_id)
            for upload in uploads.values()
            if upload.file_id is not None and self._lives(upload)
        )
        dead = [
            digest
            for digest, upload in uploads.items()
            if not self._lives(upload) and upload.file_id and FileSource(upload.file_id) in named
        ]
        forgotten = [await self._forget(conversation, digest, uploads[digest].text) for digest in dead]
        return alive, sum(forgotten)

    def _lives(self, upload: Upload) -> bool:
        return upload.begun_s + self._upload_s > self._now_s()
