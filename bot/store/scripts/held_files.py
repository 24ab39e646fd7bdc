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
class RecordUpload(Call):
    """Store an upload, `file_id` "" while its answer is not known; `step` names the purpose."""

    script: ClassVar[str] = "record_upload"
    uploads: Key
    discarded: Key
    step: str
    digest: str
    begun_s: int
    file_id: str
    oldest_s: int
    ttl_s: int

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.step
