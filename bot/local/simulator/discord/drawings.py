"""Pictures for the stickers of a new world. Pure."""

from __future__ import annotations

import struct
import zlib

SIDE = 160
Color = tuple[int, int, int]


def disc(color: Color) -> bytes:
    """A PNG of a disc of one colour on a transparent ground."""
    radius = SIDE / 2
    rows = bytearray()
    for y in range(SIDE):
        rows.append(0)
        for x in range(SIDE):
            inside = (x - radius + 0.5) ** 2 + (y - radius + 0.5) ** 2 <= radius**2
            rows += bytes((*color, 255)) if inside else b"\x00\x00\x00\x00"
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 6, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
