"""Calls that change the files that a conversation holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.store.keys import Key
from bot.store.scripts import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardFiles(Call):
    """Forget files that nothing named when the history had `length` entries, and the window and pins were these."""

    script: ClassVar[str] = "discard_files"
    pending: Key
    history: Key
    meta: Key
    uploads: Key
    inline: Key
    discarded: Key
    length: int
    window_start: str
    indexes: str
    discarded_s: int
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPrepared(Call):
    """Keep what was prepared for the running turn in a hash of the conversation: a file, its bytes, quotes."""

    script: ClassVar[str] = "keep_prepared"
    lease: Key
    prepared: Key
    token: int
    field: str
    value: str
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginUpload(Call):
    """Note that the running turn is about to upload a content."""

    script: ClassVar[str] = "begin_upload"
    lease: Key
    uploads: Key
    token: int
    digest: str
    begun_s: int
    oldest_s: int
    ttl_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUpload(Call):
    """Store an upload whose id is known."""

    script: ClassVar[str] = "record_upload"
    uploads: Key
    discarded: Key
    digest: str
    begun_s: int
    file_id: str
    oldest_s: int
    ttl_s: int
