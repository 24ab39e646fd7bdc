"""The contents of attachments beside a saved world: a file for each, written once.

A world is saved again at each change, and pictures in it would be written again and again.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path


class Contents:
    """A folder of contents by the id of their attachment; a content never changes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: set[int] = set()

    def write(self, attachment_id: int, content: bytes) -> None:
        """Write a content, unless it is there already."""
        if attachment_id in self._written:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{attachment_id}.part"
        draft.write_bytes(content)
        draft.replace(self._folder / str(attachment_id))
        self._written.add(attachment_id)

    def read(self, attachment_id: int) -> bytes:
        """Return a content; empty if it is lost, because the rest of the world is still good."""
        try:
            content = (self._folder / str(attachment_id)).read_bytes()
        except FileNotFoundError:
            return b""
        self._written.add(attachment_id)
        return content

    def remove_all_but(self, attachment_ids: Collection[int]) -> None:
        """Remove the contents of attachments that are gone, and what a kill has left behind."""
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if not path.name.isdigit() or int(path.name) not in attachment_ids:
                    path.unlink()
        self._written &= set(attachment_ids)
