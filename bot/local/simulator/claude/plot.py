"""A picture of a curve, as code in a container might draw it."""

from __future__ import annotations

import math
import struct
import zlib

WIDTH, HEIGHT = 320, 200
PAPER, AXIS, LINE = b"\xff\xff\xff", b"\xb0\xb0\xb0", b"\x2f\x5f\xd0"


def sine_png() -> bytes:
    """A PNG of two periods of a sine."""
    rows = [[PAPER] * WIDTH for _ in range(HEIGHT)]
    rows[HEIGHT // 2] = [AXIS] * WIDTH
    for x in range(WIDTH):
        y = round((HEIGHT - 4) / 2 * (1 - 0.9 * math.sin(4 * math.pi * x / WIDTH)))
        for thick in range(3):
            rows[y + thick][x] = LINE
    pixels = b"".join(b"\0" + b"".join(row) for row in rows)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
