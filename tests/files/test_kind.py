from __future__ import annotations

import pytest

from bot.files.kind import HEAD_BYTES, Kind, kind_of
from tests.files import samples


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_pictures_are_known_by_their_bytes(kind: str) -> None:
    assert kind_of(samples.picture(kind)[:HEAD_BYTES]) is Kind.IMAGE


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"%PDF-1.7", Kind.PDF),
        (b"\r\n %PDF-1.7", Kind.PDF),
        (b"PK\x03\x04", Kind.ZIP),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OLE),
        (b"OggS\x00\x02", Kind.AUDIO),
        (b"RIFF\x00\x00\x00\x00WAVE", Kind.AUDIO),
        (b"\x00\x00\x00\x18ftypM4A ", Kind.AUDIO),
        (b"\x00\x00\x00\x18ftypheic", Kind.IMAGE),
        (b"\x00\x00\x00\x18ftypmp42", Kind.VIDEO),
        (b"MZ\x90\x00", Kind.BINARY),
        (b"\x7fELF", Kind.BINARY),
        (b"MZ,PM,AM\n1,2,3\n", Kind.TEXT),
        (b"ID3 tags hold the title", Kind.TEXT),
        (b"ID3\x04\x00", Kind.AUDIO),
        (b"BZh is what bzip2 writes", Kind.TEXT),
        (b"BZh91AY&SY", Kind.BINARY),
        (b"OggSomething", Kind.TEXT),
        (b"BMW is a maker of cars", Kind.TEXT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Kind.TEXT),
        (b"", Kind.TEXT),
    ],
)
def test_other_kinds_are_known_by_their_signatures(head: bytes, kind: Kind) -> None:
    assert kind_of(head) is kind
