"""An uploaded file, and what the model sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bot.local.simulator.picture_size import size_px

from .tokens import pdf_pages

HEAD_BYTES = 192 * 1024

IMAGES = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
"""What the bytes of each image type begin with; other types are refused."""


@dataclass(frozen=True)
class File:
    """An uploaded file; `expires_at` in seconds of the server's clock, None for never.

    `expires` is the same moment as the API names it. The key of its upload stands for the `workspace`.
    """

    id: str
    filename: str
    mime_type: str
    data: bytes
    created_at: str
    expires_at: float | None
    expires: str | None = None
    workspace: str = ""
    # Only what code makes can be downloaded.
    downloadable: bool = False

    @cached_property
    def seen(self) -> dict[str, Any]:
        """What counts for the tokens of the file."""
        if self.mime_type in IMAGES:
            size = size_px(self.data[:HEAD_BYTES])
            return {} if size is None else {"size_px": list(size)}
        if self.mime_type == "application/pdf":
            return {"pages": pdf_pages(self.data)}
        return {"text": self.data.decode("utf-8", "replace")}

    def metadata(self) -> dict[str, Any]:
        """The file as the API describes it."""
        return {
            "id": self.id,
            "type": "file",
            "filename": self.filename,
            "mime_type": self.mime_type,
            "size_bytes": len(self.data),
            "created_at": self.created_at,
            "downloadable": self.downloadable,
            "expires_at": self.expires,
        }
