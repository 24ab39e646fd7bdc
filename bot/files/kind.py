"""The kind of a file, by its first bytes: names and declared types are never trusted."""

from __future__ import annotations

from enum import StrEnum

HEAD_BYTES = 64
"""As many bytes as `kind_of` looks at."""


class Kind(StrEnum):
    """The kinds that are handled differently."""

    IMAGE = "image"
    PDF = "pdf"
    ZIP = "zip"
    OLE = "ole"
    AUDIO = "audio"
    VIDEO = "video"
    BINARY = "binary"
    TEXT = "text"


_SIGNATURES: tuple[tuple[int, bytes, Kind], ...] = (
    (0, b"\xff\xd8\xff", Kind.IMAGE),  # JPEG
    (0, b"\x89PNG\r\n\x1a\n", Kind.IMAGE),
    (0, b"GIF87a", Kind.IMAGE),
    (0, b"GIF89a", Kind.IMAGE),
    (0, b"II*\x00", Kind.IMAGE),  # TIFF
    (0, b"MM\x00*", Kind.IMAGE),
    (0, b"%PDF-", Kind.PDF),
    (0, b"PK\x03\x04", Kind.ZIP),
    (0, b"PK\x05\x06", Kind.ZIP),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
    (0, b"OggS\x00", Kind.AUDIO),
    (0, b"ID3\x02", Kind.AUDIO),  # MP3 with a tag in front
    (0, b"ID3\x03", Kind.AUDIO),
    (0, b"ID3\x04", Kind.AUDIO),
    (0, b"fLaC", Kind.AUDIO),
    (0, b"\xff\xf1", Kind.AUDIO),  # AAC
    (0, b"\xff\xf9", Kind.AUDIO),
    (0, b"\xff\xfb", Kind.AUDIO),  # MP3
    (0, b"\xff\xf3", Kind.AUDIO),
    (0, b"\xff\xf2", Kind.AUDIO),
    (0, b"\x1aE\xdf\xa3", Kind.VIDEO),  # Matroska, WebM
    (0, b"\x7fELF", Kind.BINARY),
    (0, b"\xfe\xed\xfa", Kind.BINARY),
    (0, b"\xcf\xfa\xed\xfe", Kind.BINARY),
    (0, b"\xca\xfe\xba\xbe", Kind.BINARY),
    (0, b"\x1f\x8b", Kind.BINARY),  # gzip
    (4, b"1AY&SY", Kind.BINARY),  # bzip2
    (0, b"\xfd7zXZ\x00", Kind.BINARY),
    (0, b"7z\xbc\xaf\x27\x1c", Kind.BINARY),
    (0, b"Rar!\x1a\x07", Kind.BINARY),
    (0, b"\x28\xb5\x2f\xfd", Kind.BINARY),  # Zstandard
    (0, b"SQLite format 3\x00", Kind.BINARY),
)

_RIFF = {b"WEBP": Kind.IMAGE, b"WAVE": Kind.AUDIO, b"AVI ": Kind.VIDEO}

_BRANDS = {
    b"heic": Kind.IMAGE,
    b"heix": Kind.IMAGE,
    b"hevc": Kind.IMAGE,
    b"heim": Kind.IMAGE,
    b"heis": Kind.IMAGE,
    b"mif1": Kind.IMAGE,
    b"msf1": Kind.IMAGE,
    b"avif": Kind.IMAGE,
    b"avis": Kind.IMAGE,
    b"M4A ": Kind.AUDIO,
    b"M4B ": Kind.AUDIO,
}
"""Brands of ISO base media files; all other brands are videos."""


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file by its first `HEAD_BYTES` bytes; what has no signature counts as text."""
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], Kind.BINARY)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], Kind.VIDEO)
    if head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00":  # BMP: a text may begin with these letters
        return Kind.IMAGE
    if head[:2] == b"MZ" and b"\x00" in head:  # a program for Windows: a text may begin with these letters
        return Kind.BINARY
    for offset, signature, kind in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return kind
    # A PDF may begin with up to a kilobyte of other bytes; those that people send begin with white space at most.
    return Kind.PDF if head.lstrip().startswith(b"%PDF-") else Kind.TEXT
