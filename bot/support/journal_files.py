"""The kinds and sizes of the files of a turn's messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

KINDS = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "application/pdf": "pdf",
    "text/plain": "text",
    "text/markdown": "text",
    "text/csv": "text",
    "text/x-python": "text",
    "application/json": "text",
}
"""The kinds of files that a replay can generate, by media type; all others are "binary"."""

BYTES = {"image": 100_000, "pdf": 100_000, "text": 2_000, "binary": 20_000}
"""Replaces an unknown size, in bytes: the sizes stand in the messages, which are kept until the next turn."""

MOST_FILES = 50

_MESSAGE = re.compile(r"<message\b[^>]*>\n?(.*?)\n?</message>", re.DOTALL)
_ATTACHMENT = re.compile(r"^<attachment name=\"[^\"\n]*\"(?: type=\"([^\"\n]*)\")?[^>\n]*/>$", re.MULTILINE)


def files_of(payloads: Sequence[Any], entries: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the files of each message: from the messages if all are kept, else from the turn's history entry."""
    kept = [each for each in payloads if isinstance(each, dict)]
    if kept and len(kept) == len(payloads):
        return [list(map(_attached, message.get("attachments") or ()))[:MOST_FILES] for message in kept]
    return list(_rendered(entries))


def _attached(attachment: dict[str, Any]) -> dict[str, Any]:
    size = attachment.get("size_bytes")
    kind = _kind(str(attachment.get("content_type") or ""))
    return {"kind": kind, "bytes": size if isinstance(size, int) else BYTES[kind]}


def _rendered(entries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for entry in entries:
        for message in entry.get("turn", {}).get("sent") or ():
            if message.get("role") != "user":
                continue
            text = "".join(str(block.get("text", "")) for block in message.get("blocks") or ())
            for content in _MESSAGE.findall(text):
                kinds = map(_kind, _ATTACHMENT.findall(content))
                yield [{"kind": kind, "bytes": BYTES[kind]} for kind in kinds][:MOST_FILES]


def _kind(media_type: str) -> str:
    return KINDS.get(media_type.partition(";")[0].strip().lower(), "binary")
