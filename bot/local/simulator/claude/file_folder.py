"""Uploaded files in a folder, so that they outlive the process."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .file import File

DESCRIPTION = ".json"


class FileFolder:
    """Keeps each file as its bytes and a description beside them; without a path, keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def load(self, now_s: float) -> dict[str, File]:
        """Return the files in the order of their upload; `now_s` is the server's clock."""
        found = sorted(self._path.glob(f"*{DESCRIPTION}")) if self._path is not None else []
        files = [file for each in found if (file := _read(each, now_s)) is not None]
        return {file.id: file for file in sorted(files, key=lambda file: (file.created_at, file.id))}

    def put(self, file: File) -> None:
        """Keep a file: the bytes first, because a description without bytes would be a broken file."""
        if self._path is None:
            return
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._path / file.id).write_bytes(file.data)
        described = {
            name: value for name, value in asdict(file).items() if name not in ("data", "expires_at")
        }
        (self._path / f"{file.id}{DESCRIPTION}").write_text(json.dumps(described))

    def remove(self, file_id: str) -> None:
        """Keep a file no longer."""
        if self._path is not None:
            (self._path / f"{file_id}{DESCRIPTION}").unlink(missing_ok=True)
            (self._path / file_id).unlink(missing_ok=True)


def _read(description: Path, now_s: float) -> File | None:
    try:
        described: dict[str, Any] = json.loads(description.read_text())
        data = description.with_suffix("").read_bytes()
        expires = described["expires"]
        left_s = None if expires is None else (_moment(expires) - dt.datetime.now(dt.UTC)).total_seconds()
        return File(data=data, expires_at=None if left_s is None else now_s + left_s, **described)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # a crash while it was written


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
