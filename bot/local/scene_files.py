"""Files of a kind and a size, which hold nothing."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable
from math import isqrt

from bot.local.scene import SceneFile

MOST_BYTES = 4_000_000
LEAST_SIDE = 8

LINE = b"A line that stands for another line of the file.\n"

Upload = tuple[str, str, bytes]
"""The name, the media type and the content of a file."""


def upload_of(file: SceneFile, number: int) -> Upload:
    """Make a file."""
    name, media_type, make = _KINDS.get(file.kind, _KINDS["binary"])
    return f"file-{number}.{name}", media_type, make(max(0, min(file.size, MOST_BYTES)))


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _picture(size: int) -> bytes:
    """Return a PNG in grey, whose noise no compression makes smaller."""
    side = max(LEAST_SIDE, isqrt(size))
    noise = _noise(side * side)
    rows = b"".join(b"\0" + noise[at : at + side] for at in range(0, side * side, side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pdf(size: int) -> bytes:
    """Return a PDF of one empty page, and of a stream that nothing refers to."""
    noise = _noise(size)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>",
        b"<< /Length %d >>\nstream\n" % len(noise) + noise + b"\nendstream",
    )
    made, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%btrailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (table, len(made))


def _text(size: int) -> bytes:
    return (LINE * (size // len(LINE) + 1))[:size] or b"."


_KINDS: dict[str, tuple[str, str, Callable[[int], bytes]]] = {
    "image": ("png", "image/png", _picture),
    "pdf": ("pdf", "application/pdf", _pdf),
    "text": ("txt", "text/plain", _text),
    "binary": ("gz", "application/gzip", lambda size: b"\x1f\x8b" + _noise(size)),
}
